import { existsSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { FIRST_SYSTEM } from "../../../src/core/host.ts";
import { runChild } from "./child.ts";
import { readJson } from "./json-file.ts";

const schema = z.object({
  fingerprint: z.string(),
  createdAtMs: z.number(),
  sizeBytes: z.number(),
  system: z.string().default(FIRST_SYSTEM),
  openclawVersion: z.string(),
  containerImage: z.string(),
  nodeVersion: z.string().optional(),
});

const FILE = "image.json";
/** What older Creels called it. */
const OLDER_FILE = "snapshot.json";

/** `image.json` in an image's directory: written last, so that where it is whole the image is. */
export type ImageRecord = z.output<typeof schema>;

/** What an image is called: of this build alone, as a later one of the same recipe may hold newer packages. */
export function imageId({ fingerprint, createdAtMs }: Pick<ImageRecord, "fingerprint" | "createdAtMs">): string {
  return `${fingerprint}-${createdAtMs.toString(36)}`;
}

/** Where an image's record is, or would be. */
export function imageRecordFile(directory: string): string {
  const older = join(directory, OLDER_FILE);
  return existsSync(older) ? older : join(directory, FILE);
}

/** null when there is none or it is broken: such an image counts as unfinished. */
export async function readImageRecord(directory: string): Promise<ImageRecord | null> {
  return schema.safeParse(await readJson(imageRecordFile(directory))).data ?? null;
}

/**
 * Gives a built image its record and its final name. After a power cut at any point it is there as a whole or not at all.
 * @throws OpsError `image-failed` when the disk does not take it.
 */
export async function finishImage(unfinished: string, finished: string, record: ImageRecord): Promise<void> {
  // The programs that built it left everything in the page cache, and the record must not survive what it vouches for.
  const { exitCode, output } = await runChild(["sync", "--file-system", unfinished]);
  if (exitCode !== 0) {
    throw new OpsError({
      code: "image-failed",
      userMessage: "The golden image could not be written to the disk.",
      evidence: output.trimEnd().split("\n"),
    });
  }
  const file = await open(join(unfinished, FILE), "w");
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
