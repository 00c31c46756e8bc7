import type { Operation } from "../../core/operation.ts";
import { type Action, command } from "../message.ts";

const LABELS: Readonly<Record<string, readonly [label: string, tone: Action["tone"]]>> = {
  deploy: ["Deploy", "good"],
  status: ["Status", "plain"],
  logs: ["Logs", "plain"],
  destroy: ["Destroy", "danger"],
  cancel: ["Cancel", "danger"],
  history: ["History", "plain"],
  image: ["Build it", "plain"],
};

/** A command line as something to press. After an operation that did not succeed, its own command is a second try. */
export function actionFor(line: string, after: Operation | null = null): Action {
  const name = /^\/?([a-z-]+)/.exec(line)?.[1] ?? line;
  if (after !== null && after.kind === name && after.state !== "succeeded") return command("Retry", line, "good");
  const [label, tone] = (Object.hasOwn(LABELS, name) ? LABELS[name] : undefined) ?? [`/${name}`, "plain" as const];
  return command(label, line, tone);
}
