import { fstatSync, type Stats } from "node:fs";
import { commands } from "../../commands/index.ts";
import { runConsole } from "../channels/console/console.ts";
import type { Leaving } from "../channels/console/leaving.ts";
import type { RemoteTerminal } from "../channels/console/remote/session.ts";
import type { Config } from "../config.ts";
import type { Actor } from "../core/actor.ts";
import { OpsError } from "../core/errors.ts";
import type { Creel } from "./creel.ts";
import { shellJobControl } from "./job-control.ts";

/** prompt: a person sits there · lines: a pipe or a file · none: nothing to read from, as services are started. */
export type Input = "prompt" | "lines" | "none";

/** @throws OpsError `input-invalid` for a folder, which would look like a list that is empty. */
export function inputOf({ stdin, stdout }: NodeJS.Process): Input {
  if (stdin.isTTY && stdout.isTTY) return "prompt";
  const input = statOfInput();
  if (input === null) return "none";
  if (input.isDirectory()) {
    throw new OpsError({
      code: "input-invalid",
      userMessage: "Standard input is a folder, and no list of commands.",
      hint: "Give a file with a command in each line, as in creel start <commands.txt",
    });
  }
  // /dev/null is a device; what somebody pipes in is not.
  return input.isCharacterDevice() && !stdin.isTTY ? "none" : "lines";
}

/** null when whoever started us has closed it. */
function statOfInput(): Stats | null {
  try {
    return fstatSync(0);
  } catch {
    return null;
  }
}

/** The terminal that this process was started in, or what stands in its place. */
export function localTerminal(
  { terminal: { color, dumb, unicode } }: Config,
  input: Input,
): Omit<RemoteTerminal, "signal"> & { readonly input: NodeJS.ReadStream } {
  const { stdin, stdout, stderr } = process;
  // A terminal may go at any time, also after whoever used it has let go of it.
  if (stdin.listenerCount("error") === 0) stdin.on("error", () => undefined);
  return {
    input: stdin,
    output: stdout,
    errors: stderr,
    interactive: input === "prompt",
    color: color && !dumb && stdout.isTTY === true,
    cursor: !dumb,
    unicode,
    columns: () => stdout.columns || 80,
    rows: () => stdout.rows || 24,
    jobControl: shellJobControl(process),
  };
}

/** The terminal as a channel. `leaving`: what ends with it. Resolves to the exit status. */
export async function runTerminal(
  { config, desk, tools }: Creel,
  input: Input,
  leaving: Leaving | null,
  signal: AbortSignal,
): Promise<number> {
  return await runConsole({
    ...localTerminal(config, input),
    desk,
    actor: terminalActor(config),
    commands,
    notices: tools.notices,
    leaving,
    now: Date.now,
    signal,
  });
}

export function terminalActor({ user }: Config): Actor {
  return { channel: "terminal", user, roles: [], name: user };
}
