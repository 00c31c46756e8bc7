import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";
import { shellWord } from "../../core/shell-words.ts";
import { contentsPath, type Loss, lossSince, readContents } from "./redis-contents.ts";
import {
  dataIn,
  manifestFor,
  manifestIn,
  type RedisFolder,
  readRedisFolder,
  sizeOf,
  writtenBy,
} from "./redis-folder.ts";

export interface IntactOptions {
  /** Redis lives in its folder `redis`. */
  readonly stateDir: string;
  /** Folders in `stateDir` that have something in them only when Redis once had. */
  readonly livedIn: readonly string[];
  /** Whether a state folder whose Redis folder is gone or empty may get a new one, although it is not new. */
  readonly mayBeginAnew: boolean;
}

/**
 * Refuses what Redis would overwrite, leave out or begin beside: data of which a part or all is missing, damaged, of a newer version or of
 * somebody else. For Redis begins empty where its manifest is missing, takes an empty file for one that never had anything in it, and
 * mixes old files with new ones at the next start. Changes nothing. Damage inside files is left for Redis to find.
 * @throws OpsError `store-unavailable` that names the case, what is meant and the command that helps.
 */
export async function assertIntact(options: IntactOptions): Promise<void> {
  const { stateDir } = options;
  const at = join(stateDir, "redis");
  await assertKinds(at, dataIn(at), "folder");
  await assertKinds(at, manifestIn(at), "file");
  const folder = await readRedisFolder(at);
  await assertOwned(folder);
  const { manifest, manifestPath, dataPath, foreign, path } = folder;
  if (manifest === null) {
    if (await holdsCommands(folder))
      throw damaged(`the list of its files, ${manifestPath}, is missing`, relist(folder));
    if (foreign.length > 0) throw othersFiles(path, foreign);
    if (!options.mayBeginAnew && !(await isNew(options))) throw gone(path);
    return;
  }
  if (manifest === "newer") throw newer(path, null);
  if (manifest === "unreadable") throw damaged(`${manifestPath} is no list of its files`, relist(folder));
  for (const { name } of manifest) {
    await assertKinds(at, join(dataPath, name), "file");
    if ((await sizeOf(join(dataPath, name))) === null)
      throw damaged(`${join(dataPath, name)} is missing`, fromBackup(path));
  }
  const contents = await readContents(stateDir);
  const loss = contents === null || contents === "unreadable" ? null : await lossSince(contents, manifest, dataPath);
  if (loss !== null) throw lost(loss, folder, stateDir);
  for (const { name } of manifest.filter(({ type }) => type === "base")) {
    if ((await sizeOf(join(dataPath, name))) === 0) throw damaged(`${join(dataPath, name)} is empty`, fromBackup(path));
  }
}

/** What is there in another shape, reading would fail or wait for ever. */
async function assertKinds(folder: string, path: string, kind: "file" | "folder"): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    // One that is missing is told apart later; above a file nothing can be.
    if (isErrno(error, "ENOENT")) return null;
    if (isErrno(error, "ENOTDIR")) return "not-there";
    throw error;
  });
  if (stats === null) return;
  const isKind = stats !== "not-there" && (kind === "file" ? stats.isFile() : stats.isDirectory());
  const wrong = stats === "not-there" ? folder : path;
  if (!isKind) throw damaged(`${wrong} is no ${stats === "not-there" ? "folder" : kind}`, fromBackup(folder));
}

function lost(loss: Loss, folder: RedisFolder, stateDir: string): OpsError {
  const file = join(folder.dataPath, loss.name);
  const help =
    loss.file === "incremental" && loss.type !== "missing" ? cutBack(folder, stateDir) : fromBackup(folder.path);
  switch (loss.type) {
    case "missing":
      return damaged(`${file} is missing`, help);
    case "changed":
      return damaged(`${file} is not what it was`, help);
    case "shorter":
      return damaged(`${file} has ${loss.bytes} bytes and had ${loss.expected}`, help);
  }
}

/** Redis' words when it cannot load what it has. */
const OF_NEWER = /Can't handle RDB format version|Unknown command '|Unknown RDB encoding|Unknown AOF file type/;
const BROKEN_COMMANDS = /Bad file format reading the append only file|Unexpected end of file reading/;
const BROKEN_BASE =
  /Wrong RDB checksum|Short read or OOM loading DB|Wrong signature|Internal error in RDB|RDB base file/;
const TORN = /Unexpected end of file reading the append only file/;

/** Whether the last write was cut short, by the death of the server or of the machine. Nobody was told that it was done. */
export function isTorn(complaints: readonly string[]): boolean {
  return complaints.some((line) => TORN.test(line));
}

/** What a server that ended while it was loading has found wrong with its data; null when it was something else. */
export async function damageIn(stateDir: string, complaints: readonly string[]): Promise<OpsError | null> {
  const folder = await readRedisFolder(join(stateDir, "redis"));
  const base = Array.isArray(folder.manifest) ? folder.data.find(({ type }) => type === "base") : undefined;
  const basePath = base === undefined ? folder.dataPath : join(folder.dataPath, base.name);
  const [found, error] = firstOf(complaints, [
    [OF_NEWER, async () => newer(folder.path, await writtenBy(basePath))],
    [BROKEN_BASE, async () => damaged(`${basePath} cannot be read`, fromBackup(folder.path))],
    [BROKEN_COMMANDS, async () => damaged("not all of it can be read", cutBack(folder, stateDir))],
  ]);
  return error === null ? null : new OpsError({ ...pick(await error()), evidence: [found] });
}

function pick({ code, userMessage, hint }: OpsError) {
  return { code, userMessage, hint };
}

function firstOf<T>(lines: readonly string[], kinds: readonly (readonly [RegExp, T])[]): readonly [string, T | null] {
  for (const [pattern, value] of kinds) {
    const line = lines.find((each) => pattern.test(each));
    if (line !== undefined) return [line, value];
  }
  return ["", null];
}

/** Redis makes its files before it lists them: a first start that was cut off leaves a base without data and no commands. */
async function holdsCommands({ data, dataPath }: RedisFolder): Promise<boolean> {
  const EMPTY_BASE_BYTES = 200;
  for (const { name, type } of data) {
    const bytes = (await sizeOf(join(dataPath, name))) ?? 0;
    if (bytes > (type === "base" ? EMPTY_BASE_BYTES : 0)) return true;
  }
  return false;
}

async function isNew({ stateDir, livedIn }: IntactOptions): Promise<boolean> {
  if ((await readContents(stateDir)) !== null) return false;
  const inside = await Promise.all(livedIn.map((name) => readdir(join(stateDir, name)).catch(() => [])));
  return inside.every((names) => names.length === 0);
}

/** Files of another user can be changed by that user, or not be read by this one. */
async function assertOwned({ path, dataPath, manifestPath, data }: RedisFolder): Promise<void> {
  const me = process.geteuid?.();
  for (const each of [path, dataPath, manifestPath, ...data.map(({ name }) => join(dataPath, name))]) {
    const owner = (await stat(each).catch(() => null))?.uid;
    if (owner === undefined || me === undefined || owner === me) continue;
    throw refusal(
      `Creel's data belongs to another user (uid ${owner}): ${each}`,
      `Start Creel as that user. If the data is yours: chown -R ${me} ${shellWord(path)}`,
    );
  }
}

function gone(path: string): OpsError {
  return refusal(
    `Creel's data is gone: there is none in ${path}, and this state folder is not new.`,
    "Put that folder back from a backup. Without one, creel adopt begins a new one and takes the hosts in again.",
  );
}

function damaged(what: string, help: string): OpsError {
  return refusal(`Creel's data is damaged: ${what}. Nothing was changed.`, help);
}

function newer(path: string, version: string | null): OpsError {
  return refusal(
    `Creel's data was written by ${version === null ? "a newer Redis" : `Redis ${version}`}, and the redis-server here is older. Nothing was changed.`,
    `Install redis-server ${version ?? "in the version that wrote it"} or newer and start Creel again; redis-server --version says what is here. The data is in ${path}.`,
  );
}

function othersFiles(path: string, foreign: readonly string[]): OpsError {
  const aside = asideOf(path, "foreign");
  return refusal(
    `${path} holds files of another Redis: ${foreign.join(", ")}. Nothing was changed.`,
    `Creel wants this folder to itself. Move them away: mkdir ${aside} && mv ${foreign.map(shellWord).join(" ")} ${aside}`,
  );
}

function relist(folder: RedisFolder): string {
  const lines = manifestFor(folder.data);
  if (lines === null) return fromBackup(folder.path);
  // Whatever stands there, such as a link that leads nowhere: it is replaced, not written through.
  const remove = `rm -f ${shellWord(folder.manifestPath)}`;
  const first = folder.manifest === null ? [remove, copy(folder.path)] : [copy(folder.path), remove];
  const write = `printf '%s\\n' ${lines.map(shellWord).join(" ")} > ${shellWord(folder.manifestPath)}`;
  return `This copies the folder and then lists the files that are there: ${[...first, write].join(" && ")}`;
}

function cutBack({ path, manifestPath }: RedisFolder, stateDir: string): string {
  const fix = `yes | redis-check-aof --fix ${shellWord(manifestPath)} && rm -f ${shellWord(contentsPath(stateDir))}`;
  return `Put ${path} back from a backup. Without one, this copies the folder and keeps what was written before the damage: ${copy(path)} && ${fix}`;
}

function fromBackup(path: string): string {
  return `Put ${path} back from a backup. Without one, this keeps the folder aside, begins a new one and takes the hosts in again: mv ${shellWord(path)} ${asideOf(path, "damaged")} && creel adopt`;
}

/** Of what links lead to as well: a repair writes through them, and a copied link would be no copy. */
function copy(path: string): string {
  return `cp -aL ${shellWord(`${path}/.`)} ${asideOf(path, "copy")}`;
}

/** A name that is free: `cp` and `mv` would put the folder into one that is there. */
function asideOf(path: string, word: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return shellWord(`${path}.${word}-${stamp}`);
}

function refusal(userMessage: string, hint: string): OpsError {
  return new OpsError({ code: "store-unavailable", userMessage, hint });
}
