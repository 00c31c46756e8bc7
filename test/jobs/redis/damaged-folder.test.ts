import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFile,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { startEmbeddedRedis } from "../../../src/jobs/redis-process/embedded-redis.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { plainRedis, startRedis } from "./world.ts";

let stateDir: string;
const redis = () => join(stateDir, "redis");
const data = (name: string) => join(redis(), "appendonlydir", `appendonly.aof.${name}`);
const base = () => data("1.base.rdb");
const commands = () => data("1.incr.aof");
const manifest = () => data("manifest");

const dataFolder = () => join(redis(), "appendonlydir");

async function instead(path: string, make: (path: string) => unknown): Promise<void> {
  await rm(path, { recursive: true });
  await make(path);
}
const writeFileIn = (path: string) => writeFile(path, "");
const makePipe = (path: string) => execFileSync("mkfifo", [path]);

async function inSession<T>(work: (client: ReturnType<typeof plainRedis>) => Promise<T>): Promise<T> {
  const server = await startRedis(stateDir);
  const client = plainRedis(server.socketPath);
  try {
    return await work(client);
  } finally {
    client.disconnect();
    await server.stop();
  }
}

/** Values of 1 kB that a test can tell apart. */
beforeEach(async () => {
  stateDir = await temporaryFolder();
  await inSession(async (client) => {
    for (let i = 0; i < 5; i++) await client.set(`key${i}`, `${i}:${randomBytes(500).toString("hex")}`);
  });
});

const keys = () => inSession(async (client) => (await client.keys("*")).toSorted());

/** How it refuses, having changed nothing. */
async function refusal(options: { readonly mayBeginAnew?: boolean; readonly livedIn?: readonly string[] } = {}) {
  const before = await contents();
  const started = startEmbeddedRedis({ stateDir, onRestart: () => undefined, onFatal: () => undefined, ...options });
  const error = await started.then(
    (server) => server.stop().then(() => new Error("it started")),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpsError)) throw error;
  expect(await contents()).toEqual(before);
  expect(error).toMatchObject({ code: "store-unavailable", retry: "never" });
  return error;
}

async function contents(): Promise<Map<string, string>> {
  const names = await readdir(stateDir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !/^redis\.(log|pid)/.test(entry.name));
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path, await readFile(path, "latin1")] as const;
      }),
    ),
  );
}

/** Runs what comes after the last sentence of a hint, as a person would, without what needs hosts. */
function follow({ hint }: OpsError): void {
  const line = hint?.slice(hint.lastIndexOf(": ") + 2).replace(/ && creel adopt$/, "") ?? "";
  execFileSync("sh", ["-ec", line], { cwd: "/", stdio: "ignore" });
}

it.each<[string, () => Promise<unknown>, RegExp]>([
  ["a base that is missing", () => rm(base()), /damaged: .*1\.base\.rdb is missing/],
  ["a base that is empty", () => truncate(base()), /damaged: .*1\.base\.rdb has 0 bytes and had \d+/],
  ["a base that is cut off", () => truncate(base(), 20), /damaged: .*1\.base\.rdb has 20 bytes/],
  ["a base with zeros in it", () => overwrite(base(), 30, 5), /damaged: .*1\.base\.rdb is not what it was/],
  ["commands that are missing", () => rm(commands()), /damaged: .*1\.incr\.aof is missing/],
  ["a file instead of the folder of Redis", () => instead(redis(), writeFileIn), /redis is no folder/],
  ["a file instead of the folder of its data", () => instead(dataFolder(), writeFileIn), /appendonlydir is no folder/],
  ["a folder instead of the manifest", () => instead(manifest(), mkdir), /manifest is no file/],
  ["a pipe instead of the manifest", () => instead(manifest(), makePipe), /manifest is no file/],
  ["a folder instead of the commands", () => instead(commands(), mkdir), /1\.incr\.aof is no file/],
  ["a pipe instead of the base", () => instead(base(), makePipe), /1\.base\.rdb is no file/],
  ["a manifest that names what is not there", () => rename(commands(), data("7.incr.aof")), /incr\.aof is missing/],
])("%s is refused, and Creel can begin anew beside the damage", async (_what, damage, message) => {
  await damage();
  const error = await refusal();
  expect(error.userMessage).toMatch(message);
  await refusal({ mayBeginAnew: true });
  follow(error);
  expect(await readdir(stateDir)).toContainEqual(expect.stringMatching(/^redis\.damaged-/));
  // Not even now without being told to.
  expect((await refusal()).userMessage).toMatch(/gone/);
  const begun = await startEmbeddedRedis({
    ...{ stateDir, mayBeginAnew: true, onRestart: () => undefined, onFatal: () => undefined },
  });
  expect(await plainRedis(begun.socketPath).dbsize()).toBe(0);
  await begun.stop();
  expect(await keys()).toEqual([]);
});

it.each<[string, () => Promise<unknown>, RegExp, number]>([
  ["commands that are empty", () => truncate(commands()), /has 0 bytes and had \d+/, 0],
  [
    "commands that are cut off in one",
    async () => truncate(commands(), (await size(commands())) - 10),
    /has \d+ bytes/,
    4,
  ],
  ["commands of which whole ones are gone", async () => truncate(commands(), await cutAfter(3)), /has \d+ bytes/, 3],
  ["4 KiB of zeros at the end", () => appendFile(commands(), Buffer.alloc(4096)), /not all of it can be read/, 5],
  ["zeros in the middle", () => overwrite(commands(), 2500, 1200), /is not what it was/, 2],
  ["something else at the end", () => appendFile(commands(), "garbage\n"), /not all of it can be read/, 5],
])("%s: refused, and the command copies all and keeps what can be kept", async (_what, damage, message, kept) => {
  await damage();
  const error = await refusal();
  expect(error.userMessage).toMatch(message);
  const before = await readFile(commands());
  follow(error);
  const [copy = ""] = (await readdir(stateDir)).filter((name) => name.startsWith("redis.copy-"));
  expect(await readFile(join(stateDir, copy, "appendonlydir", "appendonly.aof.1.incr.aof"))).toEqual(before);
  expect(await keys()).toEqual(["key0", "key1", "key2", "key3", "key4"].slice(0, kept));
  expect(await keys()).toHaveLength(kept);
});

it.each<[string, () => Promise<unknown>]>([
  ["missing", () => rm(manifest())],
  ["empty", () => truncate(manifest())],
  ["zeros", () => writeFile(manifest(), Buffer.alloc(4096))],
  ["nonsense", () => writeFile(manifest(), "nonsense\n")],
])("a manifest that is %s is refused, also to begin anew, and can be written again", async (_what, damage) => {
  await damage();
  const error = await refusal();
  expect(error.userMessage).toMatch(/damaged: .*manifest/);
  await refusal({ mayBeginAnew: true });
  follow(error);
  expect(await keys()).toEqual(["key0", "key1", "key2", "key3", "key4"]);
});

it.each<[string, string | null]>([
  ["leads nowhere", null],
  ["leads to a file of somebody else", "nonsense\n"],
])("a manifest that is a link and %s is replaced, and nothing is written through it", async (_what, there) => {
  const elsewhere = join(await temporaryFolder(), "of-others");
  await mkdir(dirname(elsewhere), { recursive: true });
  if (there !== null) await writeFile(elsewhere, there);
  await instead(manifest(), (path) => symlink(elsewhere, path));
  follow(await refusal());
  expect(await readFile(elsewhere, "utf8").catch(() => null)).toBe(there);
  expect(await keys()).toEqual(["key0", "key1", "key2", "key3", "key4"]);
});

it("what is copied before a repair is no link to what is repaired", async () => {
  const elsewhere = join(await temporaryFolder(), "redis");
  await mkdir(dirname(elsewhere), { recursive: true });
  await rename(redis(), elsewhere);
  await symlink(elsewhere, redis());
  await appendFile(commands(), "garbage\n");
  const before = await readFile(commands());
  follow(await refusal());
  const [copy = ""] = (await readdir(stateDir)).filter((name) => name.startsWith("redis.copy-"));
  expect(await readFile(join(stateDir, copy, "appendonlydir", "appendonly.aof.1.incr.aof"))).toEqual(before);
  expect(await readFile(commands())).not.toEqual(before);
  expect(await keys()).toHaveLength(5);
});

it("a manifest is missed also by a Creel that has noted nothing, as older ones", async () => {
  await rm(join(stateDir, "redis-contents.json"));
  await rm(manifest());
  expect((await refusal()).userMessage).toMatch(/manifest, is missing/);
});

it("the whole folder or all that is in it gone is not an empty beginning, also with nothing but hosts left", async () => {
  await rename(redis(), join(stateDir, "elsewhere"));
  expect(await refusal()).toMatchObject({
    userMessage: expect.stringContaining("gone"),
    hint: expect.stringContaining("creel adopt"),
  });
  await mkdir(redis());
  await refusal();
  await rm(join(stateDir, "redis-contents.json"));
  await mkdir(join(stateDir, "hosts", "ada-123456"), { recursive: true });
  await refusal({ livedIn: ["hosts"] });
  await rm(redis(), { recursive: true });
  await rename(join(stateDir, "elsewhere"), redis());
  expect(await keys()).toHaveLength(5);
});

it("data of a newer Redis is called that", async () => {
  const file = await readFile(base());
  file.write("REDIS0099");
  const version = file.indexOf("7.0.");
  if (version > 0) file.write("9.9.", version);
  await writeFile(base(), file);
  await rm(join(stateDir, "redis-contents.json"));
  const error = await refusal();
  expect(error.userMessage).toMatch(version > 0 ? /written by Redis 9\.9\.\d+/ : /written by Redis/);
  expect(error.hint).toMatch(/redis-server/);
});

it("commands of a newer Redis are not cut off as damage", async () => {
  await appendFile(commands(), "*1\r\n$7\r\nNEWTHNG\r\n");
  const error = await refusal();
  expect(error.userMessage).toMatch(/written by .*Redis.* is older/);
  expect(error.hint).not.toMatch(/--fix/);
});

it("files of another Redis are not built upon", async () => {
  const other = await temporaryFolder();
  await mkdir(join(other, "redis"));
  for (const name of ["dump.rdb", "appendonly.aof"]) await writeFile(join(other, "redis", name), "REDIS0010");
  stateDir = other;
  const error = await refusal();
  expect(error.userMessage).toMatch(/files of another Redis: .*appendonly\.aof.*dump\.rdb/);
  follow(error);
  expect(await keys()).toEqual([]);
});

it.runIf(process.getuid?.() === 0)("files of another user are refused", async () => {
  for (const path of [redis(), commands(), manifest()]) {
    await chown(path, 65_534, 65_534);
    const error = await refusal();
    expect(error.userMessage).toMatch(/another user \(uid 65534\)/);
    follow(error);
  }
  expect(await keys()).toHaveLength(5);
});

it("a write that the death of Redis has cut off is dropped by itself, after a copy", async () => {
  const server = await startRedis(stateDir);
  // As a kill in the middle of a write leaves it: longer than what was noted, and its last command incomplete.
  await appendFile(commands(), "*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$100\r\nabc");
  const killed = server.pid() ?? 0;
  process.kill(killed, "SIGKILL");
  const client = plainRedis(server.socketPath);
  await expect.poll(() => server.pid()).not.toBe(killed);
  await expect.poll(() => client.dbsize().catch(() => null)).toBe(5);
  expect(server.restarts.map(({ userMessage }) => userMessage)).toContainEqual(expect.stringContaining("redis.torn"));
  expect(await readdir(join(stateDir, "redis.torn"))).toContain("appendonly.aof.1.incr.aof");
});

it("a rewrite of the files is no loss, also when Redis is killed after it, nor is a copied or moved state folder", async () => {
  const server = await startRedis(stateDir);
  const client = plainRedis(server.socketPath);
  await client.bgrewriteaof();
  await expect.poll(() => readFile(manifest(), "utf8")).toMatch(/2\.base.*\n.*2\.incr[^\n]*\n$/);
  await client.set("after", "x");
  const killed = server.pid() ?? 0;
  process.kill(killed, "SIGKILL");
  await expect.poll(() => client.dbsize().catch(() => null)).toBe(6);
  client.disconnect();
  await server.stop();
  const moved = await temporaryFolder();
  await cp(stateDir, moved, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  stateDir = moved;
  expect(await keys()).toHaveLength(6);
});

it("a first start that was cut off before Redis had listed its files begins again", async () => {
  await rm(join(stateDir, "redis-contents.json"));
  await rm(manifest());
  await truncate(commands());
  expect(await keys()).toEqual([]);
});

async function size(path: string): Promise<number> {
  return (await readFile(path)).length;
}

/** Where the command that sets the `count`-th key ends. */
async function cutAfter(count: number): Promise<number> {
  return (await readFile(commands(), "latin1"))
    .split("*3\r\n")
    .slice(0, count + 1)
    .join("*3\r\n").length;
}

async function overwrite(path: string, at: number, bytes: number): Promise<void> {
  const file = await readFile(path);
  await writeFile(path, file.fill(0, at, at + bytes));
}
