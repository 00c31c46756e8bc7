import type { Readable } from "node:stream";
import { visible } from "../../core/typed.ts";
import {
  type FailedLine,
  PROMPT,
  renderFailedLines,
  renderInputLost,
  renderQuestion,
  renderUndoneLines,
} from "../render/terminal.ts";
import { asksToLeave } from "./farewell.ts";
import { InputBroken, readLines } from "./lines.ts";
import type { Screen } from "./screen.ts";
import { LEAVING, runLine, type SessionParts } from "./session.ts";
import { truncate } from "./text-width.ts";
import { NOBODY_WAITS } from "./unwatched.ts";

/** Stopped by a signal, as shells say it. */
const INTERRUPTED = 130;
/** Cells of a line that is shown before its answer, and of one that is named among those that failed. */
const LONGEST_ECHO = 400;
const LONGEST_REPEATED = 60;

type Parts = Omit<SessionParts, "confirm" | "enter" | "unwatched"> & {
  /** Where it says in the end what failed. */
  readonly summary: () => Screen;
  /** Standard error. */
  readonly complaints: Screen;
};

/**
 * Runs every line of `input` in order, each to its end, whatever became of those before it. Resolves to the exit status:
 * 0, 1 when at least one failed or could not be read, 130 when `signal` aborted.
 */
export async function runPiped(parts: Parts, input: Readable, signal: AbortSignal): Promise<number> {
  const failed: FailedLine[] = [];
  let number = 0;
  let commands = 0;
  let isBroken = false;
  let undone: number | null = null;
  const detach = new AbortController();
  const stop = () => detach.abort(LEAVING);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const confirm = async (question: string, expected: string) => {
    parts.screen.print(renderQuestion(question, expected));
    return "";
  };
  // The next line is a command, and what is in a file or a pipe is in other places, too.
  const enter = async () => "nobody" as const;
  try {
    for await (const raw of readLines(input, signal)) {
      number += 1;
      const line = commandIn(raw);
      if (line === null) continue;
      if (signal.aborted) undone = number;
      if (signal.aborted || asksToLeave(line)) break;
      commands += 1;
      parts.screen.write(`${PROMPT}${truncate(line, LONGEST_ECHO)}\n`);
      const result = await runLine({ ...parts, confirm, enter, unwatched: NOBODY_WAITS }, line, detach.signal);
      parts.screen.write("\n");
      if (!result.ok) failed.push({ number, line: truncate(line, LONGEST_REPEATED), reason: result.reason });
    }
  } catch (error) {
    if (!(error instanceof InputBroken)) throw error;
    isBroken = true;
    parts.complaints.print(renderInputLost(error.code, "lines"));
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (undone !== null) parts.summary().print(renderUndoneLines(undone));
  if (signal.aborted) return INTERRUPTED;
  if (failed.length > 0) parts.summary().print(renderFailedLines(failed, commands));
  return isBroken || failed.length > 0 ? 1 : 0;
}

/** null for a line without one. */
function commandIn(raw: string): string | null {
  const line = visible(raw).trim();
  return line === "" || line.startsWith("#") ? null : line;
}
