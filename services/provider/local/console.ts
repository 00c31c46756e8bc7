import { open } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import { isErrno } from "../../../src/core/errno.ts";

const TAIL_BYTES = 64 * 1024;

/** The last lines of a console log, without escape sequences; empty when there is no log. */
export async function tailOf(file: string, lines: number): Promise<string[]> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return linesOf(buffer.toString("utf8", 0, bytesRead)).slice(-lines);
  } finally {
    await handle.close();
  }
}

export function linesOf(text: string): string[] {
  return stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.split("\r").at(-1) ?? "")
    .filter((line) => line.trim() !== "");
}
