import { constants } from "node:fs";
import { type FileHandle, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, isErrno } from "../../src/core/errno.ts";
import { stopped } from "../../src/core/errors.ts";
import { broken, changing, isALink, noName, tooMany, tooMuch, unreadable } from "./failures.ts";
import { secretsAmong } from "./secrets-among.ts";
import type { Workspace, WorkspaceFile, Workspaces } from "./workspace.ts";

const MOST_FILES = 2000;
const MOST_BYTES = 20_000_000;
const LONGEST_PATH = 100;
const DEEPEST = 32;
/** Of a file that something writes into meanwhile. */
const READS = 3;

/** Of programs that keep versions, and of a desktop: not meant for an agent. */
const LEFT_OUT: ReadonlySet<string> = new Set([".git", ".hg", ".svn", ".DS_Store"]);

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_DIRECTORY, O_NOFOLLOW } = constants;
// Neither waits for somebody at the other end of a pipe.
const FILE = O_RDONLY | O_NONBLOCK | O_NOCTTY;

interface Reading {
  /** As it was named. */
  readonly folder: string;
  /** Without links, wherever it is moved to. */
  readonly root: string;
  readonly files: WorkspaceFile[];
  bytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Workspaces in folders of the machine that Creel runs on. */
export function folderWorkspaces(): Workspaces {
  return {
    async read(folder, signal): Promise<Workspace> {
      await using top = await open(folder, FILE | O_DIRECTORY).catch((cause: unknown) => {
        throw unreadable(folder, "", cause);
      });
      const reading: Reading = {
        ...{ folder, root: await readlink(placeOf(top)), signal },
        ...{ files: [], bytes: 0 },
      };
      await readFolder(reading, top, "", 0);
      const files = reading.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      return { files, warnings: secretsAmong(files) };
    },
  };
}

/** Names what is open by itself, whatever is done to the path that led to it. */
function placeOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

async function readFolder(reading: Reading, handle: FileHandle, path: string, depth: number): Promise<void> {
  const { folder, signal } = reading;
  const names = await readdir(placeOf(handle), { encoding: "buffer" }).catch((cause: unknown) => {
    throw unreadable(folder, path, cause);
  });
  for (const raw of names) {
    if (signal?.aborted) throw stopped(signal);
    const name = raw.toString();
    const inner = path === "" ? name : `${path}/${name}`;
    if (LEFT_OUT.has(name)) continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
    if (/[\x00-\x1f\x7f-\x9f\ufffd]/.test(name)) throw noName(folder, inner);
    if (depth >= DEEPEST || Buffer.byteLength(inner) > LONGEST_PATH) throw tooMuch(folder, inner, "path", LONGEST_PATH);
    await readEntry(reading, { at: `${placeOf(handle)}/${name}`, path: inner, depth });
  }
}

interface Entry {
  readonly at: string;
  readonly path: string;
  readonly depth: number;
}

async function readEntry(reading: Reading, { at, path, depth }: Entry): Promise<void> {
  const { folder } = reading;
  let isLink = false;
  const opened = await open(at, FILE | O_NOFOLLOW)
    .catch(async (error: unknown) => {
      if (!isErrno(error, "ELOOP")) throw error;
      isLink = true;
      return await open(at, FILE);
    })
    .catch((cause: unknown) => {
      // What has gone since its folder was read was on its way out.
      if (isErrno(cause, "ENOENT") && !isLink) return null;
      if (isLink) throw isALink(folder, path, errnoOf(cause) === "ENOENT" ? "nothing" : "what cannot be read");
      // A socket.
      if (isErrno(cause, "ENXIO")) throw broken(folder, path);
      throw unreadable(folder, path, cause);
    });
  if (opened === null) return;
  await using entry = opened;
  const stats = await entry.stat();
  if (isLink) {
    // Of what was opened, not of what the link says by now.
    const target = await readlink(placeOf(entry));
    if (!target.startsWith(join(reading.root, "/"))) throw isALink(folder, path, "what is not in there");
    if (!stats.isFile()) throw isALink(folder, path, "a folder");
  }
  if (stats.isDirectory()) return await readFolder(reading, entry, path, depth + 1);
  if (!stats.isFile()) throw broken(folder, path);
  if (stats.size > MOST_BYTES) throw tooMuch(folder, path, "file", stats.size);
  const { content, mode } = await readWhole(folder, entry, path);
  reading.bytes += content.length;
  reading.files.push({ path, content, executable: (mode & 0o100) !== 0 });
  if (reading.bytes > MOST_BYTES) throw tooMany(folder, "20 MB");
  if (reading.files.length > MOST_FILES) throw tooMany(folder, `${MOST_FILES} files`);
}

/** As it was at one moment. */
async function readWhole(folder: string, file: FileHandle, path: string) {
  for (let reads = 0; reads < READS; reads += 1) {
    const before = await file.stat();
    const buffer = Buffer.alloc(Math.min(before.size, MOST_BYTES) + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length).catch((cause: unknown) => {
        throw unreadable(folder, path, cause);
      });
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    const after = await file.stat();
    const isWhole = length === before.size && after.size === before.size && after.mtimeMs === before.mtimeMs;
    if (isWhole) return { content: buffer.subarray(0, length), mode: before.mode };
  }
  throw changing(folder, path);
}
