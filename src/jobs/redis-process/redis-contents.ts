import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { isErrno } from "../../core/errno.ts";
import { type DataFile, type RedisFolder, sizeOf } from "./redis-folder.ts";

const contentsSchema = z.object({
  format: z.literal(1),
  files: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["base", "incremental"]),
      sequence: z.number(),
      bytes: z.number(),
      /** Of these first bytes, hexadecimal. */
      sha256: z.string(),
    }),
  ),
});

/** What Redis' folder was last known to hold. Files of commands only grow, until a rewrite makes new ones. */
type Contents = z.output<typeof contentsSchema>;

/** Beside Redis' folder, so that it tells of a loss of the whole folder, and moves and is copied with the state folder. */
export function contentsPath(stateDir: string): string {
  return join(stateDir, "redis-contents.json");
}

/** unreadable: there was one, of this Creel or of a newer one. */
export async function readContents(stateDir: string): Promise<Contents | "unreadable" | null> {
  const text = await readFile(contentsPath(stateDir), "utf8").catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return contentsSchema.parse(JSON.parse(text));
  } catch {
    return "unreadable";
  }
}

/** Writes down what is there, durably, unless that is on record. The server may run: it only appends. */
export async function noteContents(stateDir: string, { manifest, dataPath }: RedisFolder): Promise<void> {
  if (!Array.isArray(manifest)) return;
  const files = await Promise.all(
    (manifest as readonly DataFile[]).map(async (file) => ({
      ...file,
      bytes: (await sizeOf(join(dataPath, file.name))) ?? 0,
    })),
  );
  const before = await readContents(stateDir);
  if (before !== null && before !== "unreadable" && isSame(before.files, files)) return;
  const contents: Contents = {
    format: 1,
    files: await Promise.all(
      files.map(async (file) => ({ ...file, sha256: await digest(join(dataPath, file.name), file.bytes) })),
    ),
  };
  const path = contentsPath(stateDir);
  const handle = await open(`${path}.new`, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(contents, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path), "r");
  await folder.sync().finally(() => folder.close());
}

function isSame(before: Contents["files"], now: readonly (DataFile & { readonly bytes: number })[]): boolean {
  return (
    before.length === now.length &&
    before.every(({ name, bytes }, i) => now[i]?.name === name && now[i]?.bytes === bytes)
  );
}

export type Loss = { readonly name: string; readonly file: DataFile["type"] } & (
  | { readonly type: "missing" | "changed" }
  | { readonly type: "shorter"; readonly bytes: number; readonly expected: number }
);

/** The first thing that was there and is not any more; null when all is there. */
export async function lossSince(
  { files }: Contents,
  manifest: readonly DataFile[],
  dataPath: string,
): Promise<Loss | null> {
  for (const { name, type: file, sequence, bytes: expected, sha256 } of files) {
    const isListed = manifest.some((listed) => listed.name === name);
    const isReplaced = manifest.some((listed) => listed.type === file && listed.sequence > sequence);
    if (!isListed && isReplaced) continue;
    const path = join(dataPath, name);
    const bytes = await sizeOf(path);
    if (!isListed || bytes === null) return { type: "missing", name, file };
    if (bytes < expected) return { type: "shorter", name, file, bytes, expected };
    if ((await digest(path, expected)) !== sha256) return { type: "changed", name, file };
  }
  return null;
}

async function digest(path: string, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (bytes > 0) for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk);
  return hash.digest("hex");
}
