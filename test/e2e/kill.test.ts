import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { parseOperationId } from "../../src/core/names.ts";
import { deploySteps } from "../../src/operations/deploy/steps.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { hasReached, until } from "./observe.ts";

/** An agent without a model and bots has nothing to prove of them. */
const STEPS = Object.keys(deploySteps).filter((step) => step !== "answers" && step !== "connected");

/** Creel's worker, or its Redis, dies by kill -9 in the middle of a deploy on a real host. Nothing may be lost, nothing may exist twice. */
describe.runIf(canRunHosts())("kill -9 during /deploy", () => {
  let creel: Installation;

  beforeAll(() => {
    creel = installCreel();
  });
  afterAll(() => creel[Symbol.asyncDispose]());

  function provider() {
    const { stateDir } = creel;
    return createLocalProvider({ stateDir, cacheDir: IMAGES_DIR });
  }

  const redis = () => ({ socketPath: join(creel.stateDir, "redis", "redis.sock") });

  async function startDeploy(name: string) {
    const running = creel.start("start");
    running.type(`/deploy name:${name}`);
    const [, id = ""] = await running.printed(/operation ([0-9a-z]{16})/);
    return { running, id: parseOperationId(id) };
  }

  async function expectOneOfEverything(name: string, restarted: RunningCreel, id: string) {
    restarted.type(`watch ${id}`);
    restarted.type(`/status agent:${name}`);
    await restarted.printed(new RegExp(`${name} is ready`));
    expect(restarted.output().match(new RegExp(`Deployed ${name} in`, "g"))).toHaveLength(1);

    const hosts = (await provider().list()).filter(({ agents }) => agents.some((agent) => agent === name));
    expect(hosts).toHaveLength(1);
    const [host] = hosts;
    if (!host) throw new Error("There is no host.");
    await using shell = await createSshShells({ keyFile: join(creel.stateDir, "ssh", "id_ed25519") }).connect(host);
    const containers = await shell.check(["podman", "ps", "--all", "--format", "{{.Names}}"]);
    expect(containers.trim()).toBe("openclaw-gateway");
    expect((await shell.check(["pgrep", "--count", "--full", "^openclaw-gateway"])).trim()).toBe("1");
  }

  // A step that ends in peace between two that are cut off: what one kill leaves must not be hidden by the next.
  it.each([
    ["odd", 0],
    ["even", 1],
  ])("of the worker at every %s step: after the last restart there is one of everything", async (name, parity) => {
    const [first = "", ...later] = STEPS.filter((_, index) => index % 2 === parity);
    let { running, id } = await startDeploy(name);
    await until(redis(), id, hasReached(first));
    await running.kill();
    for (const step of later) {
      running = creel.start("start");
      await until(redis(), id, hasReached(step));
      await running.kill();
    }

    const restarted = creel.start("start");
    await expectOneOfEverything(name, restarted, id);
    restarted.type(`/destroy agent:${name} confirm:${name}`);
    await restarted.printed(new RegExp(`Removed ${name} in`));
    const { exitCode, output } = await restarted.end();
    expect(exitCode, output).toBe(0);
  });

  it("of Redis: the acknowledged command is carried out", async () => {
    const { running, id } = await startDeploy("redis-dies");
    await until(redis(), id, hasReached("install"));
    const pid = Number(readFileSync(join(creel.stateDir, "redis", "redis.pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    await running.printed(/Deployed redis-dies in/);
    running.type("/status agent:redis-dies");
    await running.printed(/redis-dies is ready/);
    running.type("/destroy agent:redis-dies confirm:redis-dies");
    const { exitCode, output } = await running.end();
    expect(exitCode, output).toBe(0);
    expect(await provider().list()).toEqual([]);
  });
});
