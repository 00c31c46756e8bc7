import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { runChild } from "./child.ts";
import { readJson } from "./json-file.ts";

const schema = z.object({
  fingerprint: z.string(),
  createdAtMs: z.number(),
  sizeBytes: z.number(),
  openclawVersion: z.string(),
  containerImage: z.string(),
});

/** `snapshot.json` in a snapshot's directory: written last, so that where it is whole the snapshot is. */
export type SnapshotRecord = z.output<typeof schema>;

/** null when there is none or it is broken: such a snapshot counts as unfinished. */
export async function readSnapshotRecord(directory: string): Promise<SnapshotRecord | null> {
  return schema.safeParse(await readJson(join(directory, "snapshot.json"))).data ?? null;
}

/**
 * Gives a built snapshot its record and its final name. After a power cut at any point it is there as a whole or not at all.
 * @throws OpsError `snapshot-failed` when the disk does not take it.
 */
export async function finishSnapshot(unfinished: string, finished: string, record: SnapshotRecord): Promise<void> {
  // The programs that built it left everything in the page cache, and the record must not survive what it vouches for.
  const { exitCode, output } = await runChild(["sync", "--file-system", unfinished]);
  if (exitCode !== 0) {
    throw new OpsError({
      code: "snapshot-failed",
      userMessage: "The golden snapshot could not be written to the disk.",
      evidence: output.trimEnd().split("\n"),
    });
  }
  const file = await open(join(unfinished, "snapshot.json"), "w");
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(unfinished);
  await rename(unfinished, finished);
  await syncFolder(dirname(finished));
}

/** Makes the names in it durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
