import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { guardStateFolder } from "../../../src/jobs/redis-process/instance-guard.ts";
import { temporaryFolder } from "../temporary-folder.ts";

it("lets one Creel at a time onto a state folder, whatever it is called", async () => {
  const stateDir = await temporaryFolder();
  const guard = await guardStateFolder(stateDir);
  const alias = join(await temporaryFolder(), "alias");
  await symlink(stateDir, alias);
  await expect(guardStateFolder(alias)).rejects.toMatchObject({
    code: "wrong-state",
    userMessage: expect.stringContaining(`(pid ${process.pid})`),
  });
  const other = await guardStateFolder(await temporaryFolder());
  await other.release();
  await guard.release();
  await (await guardStateFolder(stateDir)).release();
});

it("is free again as soon as the other one is dead, however it died", async () => {
  const stateDir = await temporaryFolder();
  const module = join(import.meta.dirname, "../../../src/jobs/redis-process/instance-guard.ts");
  const script = `
    const { guardStateFolder } = await import(${JSON.stringify(module)});
    await guardStateFolder(${JSON.stringify(stateDir)});
    console.log("held");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(other, "exit");
  await once(other.stdout, "data");
  await expect(guardStateFolder(stateDir)).rejects.toMatchObject({
    userMessage: expect.stringContaining(`(pid ${other.pid})`),
  });
  other.kill("SIGKILL");
  await exited;
  await (await guardStateFolder(stateDir)).release();
});

it("holds wherever the folder goes, and not on its copies", async () => {
  const parent = await temporaryFolder();
  const [original, moved, copy] = ["original", "moved", "copy"].map((name) => join(parent, name)) as [
    string,
    string,
    string,
  ];
  await rename(await temporaryFolder(), original);
  const guard = await guardStateFolder(original);
  await once(spawn("cp", ["-a", original, copy]), "exit");
  await rename(original, moved);
  // In another process: within one, SQLite knows its own locks.
  expect(await tryElsewhere(moved)).toContain(`(pid ${process.pid})`);
  expect(await tryElsewhere(copy)).toBe("free");
  await guard.release();
  await guard.release();
  expect(await tryElsewhere(moved)).toBe("free");
});

it.skipIf(process.getuid?.() !== 0)("cannot be held by another user, who may know the folder's path", async () => {
  const stateDir = await temporaryFolder();
  await chmod(stateDir, 0o755);
  // As an earlier umask may have left it.
  await writeFile(join(stateDir, "creel.lock"), "", { mode: 0o666 });
  await (await guardStateFolder(stateDir)).release();
  expect((await stat(join(stateDir, "creel.lock"))).mode & 0o777).toBe(0o600);
  expect(await tryElsewhere(stateDir, "process.setuid(65534);")).toMatch(/unable to open|EACCES|EPERM/);
  // Nothing of it is a name that all users of the machine share.
  const guard = await guardStateFolder(stateDir);
  expect(await readFile("/proc/net/unix", "utf8")).not.toMatch(/@creel-[0-9a-f]{32}/);
  await guard.release();
});

/** "free", or why the guard was refused to a process of its own. */
async function tryElsewhere(stateDir: string, before = ""): Promise<string> {
  const module = join(import.meta.dirname, "../../../src/jobs/redis-process/instance-guard.ts");
  const script = `
    const { guardStateFolder } = await import(${JSON.stringify(module)});
    ${before}
    console.log(await guardStateFolder(${JSON.stringify(stateDir)}).then(() => "free", ({ userMessage }) => userMessage));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return (await text(child.stdout)).trim();
}

it("says why a folder takes no lock", async () => {
  const parent = await temporaryFolder();
  await expect(guardStateFolder(join(parent, "nowhere"))).rejects.toMatchObject({
    ...{ code: "config-invalid", userMessage: expect.stringContaining("ENOENT") },
    cause: { code: "ENOENT" },
  });
  await mkdir(join(parent, "creel.lock"));
  await expect(guardStateFolder(parent)).rejects.toMatchObject({
    ...{ code: "config-invalid", userMessage: expect.stringContaining(`cannot lock its state folder ${parent}`) },
  });
});

it("names no process where nobody knows which one it is", async () => {
  const stateDir = await temporaryFolder();
  const guard = await guardStateFolder(stateDir);
  const pidFile = join(stateDir, "creel.pid");
  expect((await stat(pidFile)).mode & 0o777).toBe(0o600);
  for (const make of [() => writeFile(pidFile, "nonsense"), () => rm(pidFile)]) {
    await make();
    const userMessage = `Creel already runs on this state folder: ${stateDir}`;
    await expect(guardStateFolder(stateDir)).rejects.toMatchObject({ code: "wrong-state", userMessage });
  }
  await guard.release();
});
