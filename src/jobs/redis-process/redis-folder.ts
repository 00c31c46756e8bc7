import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../core/errno.ts";

/** A file of Redis' data, as its manifest lists it: the base that everything starts from, or the commands since then. */
export interface DataFile {
  readonly name: string;
  readonly type: "base" | "incremental";
  /** Grows with every rewrite. */
  readonly sequence: number;
}

/** What lies in the folder of a Redis that is not running. */
export interface RedisFolder {
  /** Of the server; its data is in `dataPath`. */
  readonly path: string;
  readonly dataPath: string;
  readonly manifestPath: string;
  /** null: there is no manifest · unreadable: it is none · newer: it lists what this Creel does not know. */
  readonly manifest: readonly DataFile[] | "unreadable" | "newer" | null;
  /** Names in `dataPath` that Redis gives to data. */
  readonly data: readonly DataFile[];
  /** Paths of what another Redis has written. */
  readonly foreign: readonly string[];
}

const DATA = "appendonlydir";
const FILE = "appendonly.aof";
const DATA_NAME = /^appendonly\.aof\.(\d+)\.(base|incr)\.(?:rdb|aof)$/;
const OTHERS = /\.(?:rdb|aof|manifest)$/;
const TYPES: Readonly<Record<string, DataFile["type"]>> = { b: "base", i: "incremental" };

export function dataIn(path: string): string {
  return join(path, DATA);
}

export function manifestIn(path: string): string {
  return join(dataIn(path), `${FILE}.manifest`);
}

/** Changes nothing. A folder that is not there is one with nothing in it. Errors other than that are the file system's. */
export async function readRedisFolder(path: string): Promise<RedisFolder> {
  const dataPath = dataIn(path);
  const manifestPath = manifestIn(path);
  const text = await orNull(readFile(manifestPath, "utf8"));
  const inData = (await orNull(readdir(dataPath))) ?? [];
  const beside = (await orNull(readdir(path))) ?? [];
  const isTemporary = (name: string) => name.startsWith("temp-");
  return {
    path,
    dataPath,
    manifestPath,
    manifest: text === null ? null : parseManifest(text),
    data: inData.flatMap((name) => dataFile(name) ?? []),
    foreign: [
      ...beside.filter((name) => OTHERS.test(name) && !isTemporary(name)).map((name) => join(path, name)),
      ...inData
        .filter((name) => OTHERS.test(name) && !isTemporary(name) && !name.startsWith(`${FILE}.`))
        .map((name) => join(dataPath, name)),
    ],
  };
}

/** Lines such as `file appendonly.aof.1.base.rdb seq 1 type b`; newer versions of Redis may add pairs. */
function parseManifest(text: string): RedisFolder["manifest"] {
  const files: DataFile[] = [];
  for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#"))) {
    const words = line.trim().split(" ");
    const pairs = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? ""] as const] : [])));
    const [name, sequence, type] = [pairs.get("file"), Number(pairs.get("seq")), pairs.get("type")];
    if (!name || name.includes("/") || !Number.isInteger(sequence) || !type) return "unreadable";
    // Left over from a rewrite; Redis removes it.
    if (type === "h") continue;
    const known = TYPES[type];
    if (known === undefined) return /^[a-z]$/.test(type) ? "newer" : "unreadable";
    files.push({ name, type: known, sequence });
  }
  return files.length === 0 ? "unreadable" : files;
}

function dataFile(name: string): DataFile | null {
  const [, sequence, type] = DATA_NAME.exec(name) ?? [];
  if (sequence === undefined) return null;
  return { name, type: type === "base" ? "base" : "incremental", sequence: Number(sequence) };
}

/** The manifest that fits the files that are there: the newest base and every file of commands since then. null without a base. */
export function manifestFor(data: readonly DataFile[]): readonly string[] | null {
  const bySequence = data.toSorted((a, b) => a.sequence - b.sequence);
  const base = bySequence.findLast(({ type }) => type === "base");
  if (base === undefined) return null;
  const since = bySequence.filter(({ type, sequence }) => type === "incremental" && sequence >= base.sequence);
  return [base, ...since].map(
    ({ name, sequence, type }) => `file ${name} seq ${sequence} type ${type === "base" ? "b" : "i"}`,
  );
}

/** null when there is no such file. */
export async function sizeOf(path: string): Promise<number | null> {
  return (await orNull(stat(path)))?.size ?? null;
}

/** Such as `8.2.1`: the Redis that wrote a base file; null when the file does not say. */
export async function writtenBy(basePath: string): Promise<string | null> {
  const file = await orNull(open(basePath, "r"));
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    const head = buffer.subarray(0, bytesRead).toString("latin1");
    return /redis-ver[^\d]*(\d+\.\d+\.\d+)/.exec(head)?.[1] ?? null;
  } finally {
    await file.close();
  }
}

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
