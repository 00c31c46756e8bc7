import { on } from "node:events";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { errnoOf } from "../../core/errno.ts";

/** What is longer is no command; the rest of it is read past, so that memory stays bounded. */
const LONGEST = 65_536;

/** No more can be read: a disk or a device that fails. `code` as the operating system has it, such as `EIO`. */
export class InputBroken extends Error {
  readonly code: string;

  constructor(cause: unknown) {
    super("The input broke.", { cause });
    this.code = errnoOf(cause) ?? "it is closed";
  }
}

/**
 * The lines of a text as programs write them: ended by a line feed, perhaps with a carriage return before it, and by nothing else.
 * At most the first 65,536 characters of each. Reads no further ahead than a chunk. Ends with `input`, and when
 * `signal` aborts. @throws InputBroken after the last line that came whole.
 */
export async function* readLines(input: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  try {
    if (input.readableEnded || input.destroyed) return;
    const chunks = on(input, "data", { signal, close: ["end", "close"], highWaterMark: 1, lowWaterMark: 1 });
    for await (const [chunk] of chunks) {
      const [first = "", ...others] = (typeof chunk === "string" ? chunk : decoder.write(chunk)).split("\n");
      rest = join(rest, first);
      for (const next of others) {
        yield withoutReturn(rest);
        rest = join("", next);
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new InputBroken(error);
  }
  if (rest !== "") yield withoutReturn(rest);
}

function join(line: string, more: string): string {
  return line.length >= LONGEST ? line : (line + more).slice(0, LONGEST);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
