import { readFile } from "node:fs/promises";

/** What the file says; null when it cannot be read or was cut off, which a power cut does to files that were being written. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
