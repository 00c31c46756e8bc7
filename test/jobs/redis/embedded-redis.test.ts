import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { OpsError } from "../../../src/core/errors.ts";
import { startEmbeddedRedis } from "../../../src/jobs/redis-process/embedded-redis.ts";
import { askRedis, isRedisIn } from "../../../src/jobs/redis-process/redis-probe.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openRedisJobs } from "./open.ts";
import { plainRedis, startRedis } from "./world.ts";

const quiet = { onRestart: () => undefined, onFatal: () => undefined };

it("keeps its data in a private folder, on no port, and writes every command to disk before it answers", async () => {
  const stateDir = await temporaryFolder();
  const first = await startRedis(stateDir);
  const settings = await plainRedis(first.socketPath).config(
    "GET",
    "port",
    "appendfsync",
    "appendonly",
    "maxmemory-policy",
  );
  expect(settings).toEqual(
    expect.arrayContaining([
      "port",
      "0",
      "appendfsync",
      "always",
      "appendonly",
      "yes",
      "maxmemory-policy",
      "noeviction",
    ]),
  );
  const modes = { redis: 0o700, "redis/redis.sock": 0o700, "redis/redis.log": 0o600, "redis-contents.json": 0o600 };
  for (const [name, mode] of Object.entries(modes)) {
    expect((await stat(join(stateDir, name))).mode & 0o777, name).toBe(mode);
  }
  await plainRedis(first.socketPath).set("kept", "yes");
  await first.stop();
  expect(first.pid()).toBeNull();
  const second = await startRedis(stateDir);
  expect(await plainRedis(second.socketPath).get("kept")).toBe("yes");
});

it("replaces a server that a killed Creel has left behind, without losing anything", async () => {
  const stateDir = await temporaryFolder();
  const script = `
    const { startEmbeddedRedis } = await import(${JSON.stringify(join(import.meta.dirname, "../../../src/jobs/redis-process/embedded-redis.ts"))});
    const redis = await startEmbeddedRedis({ stateDir: ${JSON.stringify(stateDir)}, onRestart() {}, onFatal() {} });
    console.log(redis.pid());
    setInterval(() => {}, 1000);`;
  const creel = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(creel.stdout, "data");
  const orphan = Number(String(line));
  const socketPath = join(stateDir, "redis", "redis.sock");
  await plainRedis(socketPath).set("kept", "yes");
  creel.kill("SIGKILL");
  await once(creel, "exit");
  expect(await isRedisIn(orphan, join(stateDir, "redis"))).toBe(true);
  const redis = await startRedis(stateDir);
  expect(redis.pid()).not.toBe(orphan);
  expect(await isRedisIn(orphan, join(stateDir, "redis"))).toBe(false);
  expect(await plainRedis(socketPath).get("kept")).toBe("yes");
});

it("ends a server left behind that does not answer, also when the folder has been moved since", async () => {
  const parent = await temporaryFolder();
  const stateDir = join(parent, "state");
  await mkdir(stateDir);
  const left = await startEmbeddedRedis({ stateDir, ...quiet });
  const pid = left.pid();
  if (pid === null) throw new Error("no Redis");
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => left.stop());
  // The first one must not start its own again: it plays a Creel that is dead.
  void left.stop();
  const moved = join(parent, "moved");
  await rename(stateDir, moved);
  const redis = await startRedis(moved);
  expect(await askRedis(redis.socketPath, "PING")).toBe("+PONG");
  expect(await isRedisIn(pid, join(moved, "redis"))).toBe(false);
});

it("gives up on a server whose data was damaged while it ran, and says what is wrong with it", async () => {
  const fatal = Promise.withResolvers<OpsError>();
  const stateDir = await temporaryFolder();
  const redis = await startEmbeddedRedis({
    stateDir,
    onRestart: () => undefined,
    onFatal: fatal.resolve,
  });
  onTestFinished(() => redis.stop());
  // The file it has to read at its next start is no append-only file any more.
  await writeFile(join(stateDir, "redis/appendonlydir/appendonly.aof.manifest"), "nonsense\n");
  process.kill(redis.pid() ?? 0, "SIGKILL");
  const error = await fatal.promise;
  expect(error).toMatchObject({ code: "store-unavailable", userMessage: expect.stringMatching(/damaged: .*manifest/) });
});

function canMount(): boolean {
  if (process.getuid?.() === 0) return true;
  if (process.env.CI === "true") throw new Error("The test of a full disk needs root, and on CI it must run.");
  console.warn("\nSKIPPED: the test of a full disk needs root to mount a small one. Run it with sudo.\n");
  return false;
}

it.runIf(canMount())(
  "says that the disk is full, once and at once, and goes on with what it had when there is room",
  async () => {
    const stateDir = await temporaryFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", stateDir]);
    onTestFinished(() => void execFileSync("umount", ["--lazy", stateDir]));
    const ended = Promise.withResolvers<OpsError>();
    const restarts: OpsError[] = [];
    const onRestart = (error: OpsError) => restarts.push(error);
    const redis = await startEmbeddedRedis({ stateDir, onRestart, onFatal: ended.resolve });
    onTestFinished(() => redis.stop());
    const plain = plainRedis(redis.socketPath);
    await plain.set("kept", "yes");
    await writeFile(join(stateDir, "fill"), Buffer.alloc(4_000_000)).catch(() => undefined);
    // More than a page, so that the file has to grow. Nobody answers it.
    void plain.set("lost", "x".repeat(10_000)).catch(() => undefined);
    const error = await ended.promise;
    expect(error).toMatchObject({
      code: "capacity",
      userMessage: expect.stringMatching(new RegExp(`${stateDir}.* is full \\(0 kB are free\\)`)),
      hint: expect.stringContaining("operations go on"),
    });
    // Redis' log is on the same disk, so its last words may be lost.
    expect(error.evidence.length).toBeLessThanOrEqual(1);
    for (const line of error.evidence) expect(line).toMatch(/AOF/);
    expect(restarts).toEqual([]);
    await rm(join(stateDir, "fill"));
    const again = await startRedis(stateDir);
    expect(await plainRedis(again.socketPath).get("kept")).toBe("yes");
  },
);

it("says what is wrong when it cannot start", async () => {
  const stateDir = await temporaryFolder();
  await expect(
    startEmbeddedRedis({ stateDir, ...quiet, program: "redis-server-that-is-missing" }),
  ).rejects.toMatchObject({
    code: "tool-missing",
    hint: expect.stringContaining("apt-get install redis-server"),
  });
  const long = join(stateDir, "x".repeat(100));
  await mkdir(long);
  await expect(startEmbeddedRedis({ stateDir: long, ...quiet })).rejects.toMatchObject({
    code: "config-invalid",
    userMessage: expect.stringContaining("too long"),
  });
  await rm(join(stateDir, "redis"), { recursive: true });
  await writeFile(join(stateDir, "redis"), "in the way");
  await expect(startEmbeddedRedis({ stateDir, ...quiet })).rejects.toMatchObject({ code: "store-unavailable" });
});

it.each([
  [["maxmemory-policy", "allkeys-lru"], "may evict keys"],
  [["appendonly", "no"], "keeps nothing across a restart"],
])("Creel refuses a Redis that forgets: %s", async ([name = "", value = ""], message) => {
  const redis = await startRedis();
  await plainRedis(redis.socketPath).config("SET", name, value);
  await expect(openRedisJobs({ socketPath: redis.socketPath }, [])).rejects.toMatchObject({
    code: "store-unavailable",
    retry: "never",
    userMessage: expect.stringContaining(message),
  });
});

it("Creel warns of a Redis that may lose the last second", async () => {
  const redis = await startRedis();
  await plainRedis(redis.socketPath).config("SET", "appendfsync", "everysec");
  const jobs = await openRedisJobs({ socketPath: redis.socketPath }, []);
  expect(jobs.warnings).toEqual([expect.stringContaining("appendfsync everysec")]);
  await jobs.close();
});
