import type { Action } from "../src/core/message.ts";
import { command as commandAction } from "../src/core/message.ts";
import type { Operation } from "../src/core/operation.ts";
import type { Command } from "./command.ts";

/**
 * A command line as something to press, which says what it is about: "Destroy ada". After an operation that did not succeed, its own
 * command is a second try. A command that only a newer Creel has goes by its name.
 */
export function actionFor(
  line: string,
  commands: readonly Pick<Command, "name" | "label" | "tone">[],
  after: Operation | null = null,
): Action {
  const name = /^\/?([a-z-]+)/.exec(line)?.[1] ?? line;
  const subject = /\s(?:agent|name):"?([a-z0-9-]+)/.exec(line)?.[1];
  const about = (label: string) => (subject === undefined ? label : `${label} ${subject}`);
  if (after !== null && after.kind === name && after.state !== "succeeded")
    return commandAction(about("Retry"), line, "good");
  const { label, tone } = commands.find((command) => command.name === name) ?? { label: `/${name}`, tone: "plain" };
  return commandAction(about(label), line, tone);
}
