import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type FailedLine, PROMPT, renderFailedLines, renderQuestion } from "../render/terminal.ts";
import { LEAVING, runLine, type SessionParts } from "./session.ts";
import { clean } from "./text-width.ts";
import { NOBODY_WAITS } from "./unwatched.ts";

/** Stopped by a signal, as shells say it. */
const INTERRUPTED = 130;

/**
 * Runs every line of `input` in order, each to its end, whatever became of those before it. Resolves to the exit status:
 * 0, 1 when at least one failed, 130 when `signal` aborted.
 */
export async function runPiped(
  parts: Omit<SessionParts, "confirm" | "unwatched">,
  input: Readable,
  signal: AbortSignal,
): Promise<number> {
  const failed: FailedLine[] = [];
  let number = 0;
  let commands = 0;
  const detach = new AbortController();
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, terminal: false });
  const stop = () => {
    detach.abort(LEAVING);
    lines.close();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const confirm = async (question: string, expected: string) => {
    parts.screen.print(renderQuestion(question, expected));
    return "";
  };
  try {
    for await (const raw of lines) {
      number += 1;
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      if (signal.aborted) break;
      commands += 1;
      parts.screen.write(`${PROMPT}${clean(line)}\n`);
      const result = await runLine({ ...parts, confirm, unwatched: NOBODY_WAITS }, line, detach.signal);
      parts.screen.write("\n");
      if (!result.ok) failed.push({ number, line, reason: result.reason });
    }
  } finally {
    signal.removeEventListener("abort", stop);
    lines.close();
  }
  if (signal.aborted) return INTERRUPTED;
  if (failed.length === 0) return 0;
  parts.screen.print(renderFailedLines(failed, commands));
  return 1;
}
