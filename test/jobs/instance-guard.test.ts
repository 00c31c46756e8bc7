import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { guardStateFolder } from "../../src/jobs/instance-guard.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "creel-guard-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it("lets one Creel at a time onto a state folder, whatever it is called", async () => {
  const stateDir = await folder();
  const guard = await guardStateFolder(stateDir);
  const alias = join(await folder(), "alias");
  await symlink(stateDir, alias);
  await expect(guardStateFolder(alias)).rejects.toMatchObject({
    code: "wrong-state",
    userMessage: expect.stringContaining(`(pid ${process.pid})`),
  });
  const other = await guardStateFolder(await folder());
  await other.release();
  await guard.release();
  await (await guardStateFolder(stateDir)).release();
});

it("is free again as soon as the other one is dead, however it died", async () => {
  const stateDir = await folder();
  const module = join(import.meta.dirname, "../../src/jobs/instance-guard.ts");
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
