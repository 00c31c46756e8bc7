import { readdir } from "node:fs/promises";
import { isErrno } from "../../../src/core/errno.ts";

/** Names of what is in a folder; none when there is no such folder. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}
