import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { withFileLock } from "../../../services/provider/local/lock.ts";
import { type Installation, installCreel } from "../../e2e/creel.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

let creel: Installation;
beforeEach(() => {
  creel = installCreel();
});
afterEach(async () => {
  await creel[Symbol.asyncDispose]();
});

/** Whether a Redis of this installation runs. */
function hasRedis({ stateDir } = creel): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${stateDir}/redis/redis.sock`);
      } catch {
        return false;
      }
    });
}

/** What a shell makes of `script`, in which $CREEL is `creel start`. */
async function inShell(script: string) {
  const env = { ...creel.environment, CREEL: `'${process.execPath}' '${MAIN}' start` };
  const shell = spawn("bash", ["-c", script], { env, cwd: creel.stateDir, stdio: ["ignore", "pipe", "pipe"] });
  const [output, complaints] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, "exit")]);
  return { output, complaints };
}

test.each([
  ["a reader that goes away", "| head -1; echo $?", "1"],
  ["a full disk", ">/dev/full; echo $?", "1"],
  ["no standard error either", ">/dev/full 2>/dev/full; echo $?", "1"],
])("whatever happens to its output, lines are done and Redis is stopped: %s", async (_, behind, status) => {
  const { output, complaints } = await inShell(
    `set -o pipefail; printf '/help\\n/history\\n/nope\\n' | eval "$CREEL" ${behind}`,
  );
  expect(output.trim().split("\n").at(-1)).toBe(status);
  expect(complaints).not.toMatch(/EPIPE|ENOSPC|at .*\.[jt]s/);
  expect(hasRedis()).toBe(false);
});

test("a folder as standard input is refused, with nothing begun", async () => {
  const { output, complaints } = await inShell(`eval "$CREEL" <.; echo $?`);
  expect(output).toBe("1\n");
  expect(complaints).toMatch(/Standard input is a folder/);
  expect(readdirSync(creel.stateDir)).toEqual(["creel.yaml"]);
});

test("a limit on the size of files is told as what it is, and costs nothing", async () => {
  for (const blocks of [0, 1]) {
    const { output, complaints } = await inShell(`(ulimit -f ${blocks}; echo /help | eval "$CREEL"; echo $?)`);
    expect(output).toBe("1\n");
    expect(complaints.replace(/\s+/g, " ")).toContain(`may make no file larger than ${blocks} kB (ulimit -f)`);
    expect(complaints).not.toMatch(/permissions|memory/);
  }
  expect((await inShell(`echo /help | eval "$CREEL"; echo $?`)).output).toMatch(/Commands[\s\S]*\n0\n$/);
});

test("short sessions leave nothing in the log", async () => {
  await inShell(`for count in 1 2 3; do echo /help | eval "$CREEL"; done`);
  expect(existsSync(join(creel.stateDir, "redis"))).toBe(true);
  expect(existsSync(join(creel.stateDir, "creel.log"))).toBe(false);
});

test("a second start is a terminal of the first, whose end it hears of", async () => {
  const service = creel.serve("start");
  await service.printed(/creel: ready/);
  const { output } = await inShell(`printf '/help deploy\\n/nope\\n' | eval "$CREEL"; echo $?`);
  expect(output).toMatch(/creel> \/help deploy\n[\s\S]*1 of 2 commands failed[\s\S]*\n1\n$/);
  const [told, killed] = [creel.start("start"), creel.start("start")];
  for (const terminal of [told, killed]) {
    terminal.type("/help deploy");
    await terminal.printed(/creel> \/help deploy/);
  }
  await service.kill();
  await killed.printed(/has ended without a word/);
  expect(await killed.exited()).toBe(1);
  const next = creel.serve("start");
  await next.printed(/creel: ready/);
  const last = creel.start("start");
  last.type("/help deploy");
  await last.printed(/creel> \/help deploy/);
  await next.end();
  await last.printed(/was stopped/);
  expect(hasRedis()).toBe(false);
});

test.skipIf(process.getuid?.() !== 0)(
  "a stop while work is under way keeps it, and says so once, with what was not begun",
  async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), "creel-cache-"));
    onTestFinished(() => rmSync(cacheDir, { recursive: true, force: true }));
    await using owner = installCreel("", { CREEL_CACHE_DIR: cacheDir });
    mkdirSync(join(cacheDir, "images"));
    // Somebody builds the golden image: until they have done, a deploy is under way.
    await withFileLock(join(cacheDir, "images", "lock"), new AbortController().signal, ignore, async () => {
      const service = owner.serve("start");
      await service.printed(/creel: ready/);
      const client = owner.start("start");
      client.type("/deploy name:kim\n/help");
      await client.printed(/Waiting for another build/);
      const stopped = await service.end();
      expect(stopped.exitCode).toBe(0);
      expect(stopped.output).toMatch(/Creel stops\. 1 deploy is kept.*[\s\S]*Deploying kim/);
      expect(await client.exited()).toBe(130);
      expect(client.output()).toMatch(/Deploying kim has not ended\.[\s\S]*Line 2 and what follows were not done/);
      expect(client.output()).toMatch(/was stopped/);
      expect(client.output().match(/kept/g)).toHaveLength(1);
      expect(hasRedis(owner)).toBe(false);

      const next = owner.start("start");
      next.type("watch\n/help");
      await next.printed(/Waiting for another build/);
      next.process.kill("SIGTERM");
      expect(await next.exited()).toBe(130);
      expect(next.output()).toMatch(/Deploying kim has not ended\.[\s\S]*Line 2 and what follows were not done/);
      expect(hasRedis(owner)).toBe(false);
    });
  },
);

function ignore(): void {
  // Nobody waits for the lock.
}
