import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseOperationId } from "../../src/core/names.ts";
import { changeSteps } from "../../src/operations/settings/change.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { forwardTo } from "./in-reach.ts";
import { freeSubnet } from "./local-hosts.ts";
import { hasReached, until } from "./observe.ts";

const TOM = 7001;

/** The settings of an agent that runs, on a real host: a model and a bot from servers on this machine. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())("settings of an agent, on a real host", () => {
  let models: ModelServer;
  let telegram: TelegramServer;
  let forward: AsyncDisposable & { readonly port: number };
  let creel: Installation;
  let running: RunningCreel;
  /** The first two bytes of its network, at whose gateway the host finds this machine. */
  let subnet: string;

  beforeAll(async () => {
    subnet = await freeSubnet();
    models = await startModelServer({ address: "0.0.0.0" });
    telegram = await startTelegramServer({ patienceMs: 120_000 });
    telegram.addPerson({ id: TOM, name: "Tom" });
    forward = await forwardTo("0.0.0.0", Number(new URL(telegram.apiRoot).port));
    creel = installCreel("", { LAB_KEY: models.key, WRONG_KEY: "canary-of-a-wrong-key", BOT: telegram.token });
    say({ providers: lab() });
    running = creel.start("start");
    running.type("/deploy ada");
    await running.printed(/Deployed ada in/);
  });
  afterAll(async () => {
    await running?.kill();
    await creel?.[Symbol.asyncDispose]();
    await forward?.[Symbol.asyncDispose]();
    await telegram?.[Symbol.asyncDispose]();
    await models?.[Symbol.asyncDispose]();
  });

  const lab = () => {
    const { port, pathname } = new URL(models.openaiUrl);
    const provider = { baseUrl: `http://${subnet}.0.1:${port}${pathname}`, api: "openai-completions" };
    return { lab: provider, lab2: provider };
  };
  /** creel.yaml, while Creel runs. */
  const say = (defaults: object) => {
    const agents = JSON.stringify({ defaults });
    writeFileSync(
      join(creel.stateDir, "creel.yaml"),
      `local: {internet: false, subnet: "${subnet}"}\nagents: ${agents}\n`,
      { mode: 0o600 },
    );
  };
  const redis = () => ({ socketPath: join(creel.stateDir, "redis", "redis.sock") });

  it("/model with a wrong key is refused by the provider, and changes nothing", async () => {
    running.type("/model ada lab/test-model key:env:WRONG_KEY");
    await running.printed(/lab does not take this key/);
    expect(creel.transcript()).not.toContain("canary-of-a-wrong-key");
  });

  it("/model switches to a model, and shows its first answer", async () => {
    running.type("/model ada lab/test-model key:env:LAB_KEY");
    await running.printed(/ada answers with lab\/test-model/);
    expect(running.output()).toMatch(/You said: /);
    expect(models.asked.some(({ prompt }) => prompt !== null)).toBe(true);
  });

  it("/connect says whose bot listens, and a person is heard by it", async () => {
    const channels = { telegram: { token: "env:BOT", apiRoot: `http://${subnet}.0.1:${forward.port}` } };
    say({ providers: lab(), channels });
    running.type("/connect ada telegram");
    await running.printed(new RegExp(`@${telegram.botUsername} is listening`));
    await telegram.say(TOM, "Hello");
    // Whom it does not know it asks to be let in first.
    const { text } = await telegram.nextMessage(TOM);
    expect(text).toMatch(/pair/i);
    const code = /\b[A-Z0-9]{8}\b/.exec(text)?.[0] ?? "";

    const approve = ["podman", "exec", "openclaw-gateway", "openclaw", "pairing", "approve", "telegram", code] as const;
    const shell = creel.start("ssh", "ada", ...approve);
    // It ends with a complaint: it may not make this person its owner, as the configuration is Creel's.
    await shell.exited();
    expect(shell.output()).toContain(`Approved telegram sender ${TOM}`);
    models.answer(() => "Nice to meet you, Tom.");
    await telegram.say(TOM, "Hello again");
    await expect.poll(async () => (await telegram.nextMessage(TOM)).text).toContain("Nice to meet you, Tom.");
  });

  it("killed by -9 at every step of /model, it is one model or the other, and the agent answers with it", async () => {
    models.answer(() => "Still here.");
    const steps = Object.keys(changeSteps).filter((step) => step !== "connected");
    for (const [index, step] of steps.entries()) {
      // One that has printed nothing of the operation before.
      await running.kill();
      running = creel.start("start");
      const wanted = index % 2 === 0 ? "lab2/test-model" : "lab/test-model";
      running.type(`/model ada ${wanted} key:env:LAB_KEY`);
      const [, id = ""] = await running.printed(/operation ([0-9a-z]{16})/);
      await until(redis(), parseOperationId(id), hasReached(step));
      await running.kill();
      running = creel.start("start");
      running.type(`watch ${id}`);
      await running.printed(new RegExp(`ada answers with ${wanted}`));
      expect(running.output()).toContain("Still here.");
    }
    running.type("/status ada");
    await running.printed(/ada is ready/);
  }, 900_000);

  it("/configure goes back when OpenClaw refuses what creel.yaml says", async () => {
    say({ providers: lab(), openclaw: { agents: { defaults: { timeoutSeconds: "soon" } } } });
    running.type("/configure ada confirm:ada");
    await running.printed(/ada has the settings it had before/);
    running.type("/status ada");
    await running.printed(/ada is ready/);
  });

  it("leaves no secret in what was printed or stored", () => {
    const stored = readFileSync(join(creel.stateDir, "creel.log"), "utf8");
    for (const secret of [models.key, telegram.token]) expect(creel.transcript() + stored).not.toContain(secret);
  });
});
