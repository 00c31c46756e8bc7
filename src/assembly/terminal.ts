import { fstatSync } from "node:fs";
import { commands } from "../../commands/index.ts";
import { runConsole } from "../channels/console/console.ts";
import type { Config } from "../config.ts";
import type { Actor } from "../core/actor.ts";
import type { Creel } from "./creel.ts";

/** prompt: a person sits there · lines: a pipe or a file · none: nothing to read from, as services are started. */
export type Input = "prompt" | "lines" | "none";

export function inputOf({ stdin, stdout }: NodeJS.Process): Input {
  if (stdin.isTTY && stdout.isTTY) return "prompt";
  try {
    // /dev/null is a device; what somebody pipes in is not.
    return fstatSync(0).isCharacterDevice() && !stdin.isTTY ? "none" : "lines";
  } catch {
    // Closed by whoever started us.
    return "none";
  }
}

/** The terminal as a channel. Resolves to the exit status. */
export async function runTerminal({ config, desk, tools }: Creel, input: Input, signal: AbortSignal): Promise<number> {
  const { stdin, stdout } = process;
  const { color, dumb, unicode } = config.terminal;
  return await runConsole({
    desk,
    actor: terminalActor(config),
    commands,
    input: stdin,
    output: stdout,
    interactive: input === "prompt",
    color: color && !dumb && stdout.isTTY === true,
    cursor: !dumb,
    unicode,
    columns: () => stdout.columns || 80,
    rows: () => stdout.rows || 24,
    notices: tools.notices,
    now: Date.now,
    signal,
  });
}

export function terminalActor({ user }: Config): Actor {
  return { channel: "terminal", user, roles: [], name: user };
}
