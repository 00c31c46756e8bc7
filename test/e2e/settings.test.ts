import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { parseOperationId } from "../../src/core/names.ts";
import { changeSteps } from "../../src/operations/settings/change.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { forwardTo } from "./in-reach.ts";
import { freeSubnet } from "./local-hosts.ts";
import { hasReached, until } from "./observe.ts";

const TOM = 7001;
const CONFIG = "/var/lib/openclaw/openclaw.json";

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

  /**
   * Kills the worker in the middle of each of these steps of one operation, and lets it go on in the end. A step that ends in peace lies between two that
   * are cut off: what one kill leaves must not be hidden by the next.
   */
  async function killedAt(steps: readonly string[], line: string): Promise<void> {
    // One that has printed nothing of an operation before.
    await running.kill();
    running = creel.start("start");
    running.type(line);
    const [, id = ""] = await running.printed(/operation ([0-9a-z]{16})/);
    for (const step of steps) {
      await until(redis(), parseOperationId(id), hasReached(step));
      await running.kill();
      await expectWhole();
      running = creel.start("start");
    }
    running.type(`watch ${id}`);
  }

  /** The gateway is there, and its settings refer to no secret that it does not have. */
  async function expectWhole(): Promise<void> {
    const [host] = await createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list();
    if (!host) throw new Error("There is no host.");
    await using shell = await createSshShells({ keyFile: join(creel.stateDir, "ssh", "id_ed25519") }).connect(host);
    const state = () => shell.run(["systemctl", "is-active", "openclaw-gateway.service"]);
    await expect.poll(async () => (await state()).stdout.trim()).toBe("active");
    const config = await shell.check(["cat", CONFIG]);
    const held: object = JSON.parse(await shell.check(["cat", "/run/creel-secrets/gateway.json"]));
    const wanted = [...config.matchAll(/"id":\s*"\/([^"]+)"/g)].map(([, name]) => name);
    expect(wanted.length).toBeGreaterThan(0);
    expect(Object.keys(held)).toEqual(expect.arrayContaining(wanted));
  }

  /** Written to by somebody it knows. */
  async function expectAnswer(text: string): Promise<void> {
    models.answer(() => text);
    await telegram.say(TOM, "Are you there?");
    await telegram.waitFor(() => telegram.messages(TOM).some((one) => one.byBot && one.text.includes(text)), text);
  }

  const steps = Object.keys(changeSteps);
  const withoutModel = steps.filter((step) => step !== "answers");
  const halves = (all: readonly string[]) => [0, 1].map((half) => all.filter((_, index) => index % 2 === half));

  it("killed by -9 at every step of /model, the agent answers with the new one in the end", async () => {
    models.answer(() => "Still here.");
    for (const [index, half] of halves(steps.filter((step) => step !== "connected")).entries()) {
      const wanted = index === 0 ? "lab2/test-model" : "lab/test-model";
      await killedAt(half, `/model ada ${wanted} key:env:LAB_KEY`);
      await running.printed(new RegExp(`ada answers with ${wanted}`));
      expect(running.output()).toContain("Still here.");
    }
  }, 600_000);

  it("killed by -9 at every step of /configure and /connect, its bot is gone in the end, or is there and answers", async () => {
    const bot = { telegram: { token: "env:BOT", apiRoot: `http://${subnet}.0.1:${forward.port}` } };
    const [oddOfConfigure = [], evenOfConfigure = []] = halves(withoutModel.filter((step) => step !== "connected"));
    const [oddOfConnect = [], evenOfConnect = []] = halves(withoutModel);
    for (const [ofConfigure, ofConnect] of [
      [oddOfConfigure, oddOfConnect],
      [evenOfConfigure, evenOfConnect],
    ] as const) {
      say({ providers: lab() });
      await killedAt(ofConfigure, "/configure ada confirm:ada");
      await running.printed(/Configured ada in/);
      running.type("/status ada");
      await running.printed(/No bot is connected to it yet/);
      say({ providers: lab(), channels: bot });
      await killedAt(ofConnect, "/connect ada telegram");
      await running.printed(new RegExp(`@${telegram.botUsername} is listening`));
      await expectAnswer(`Still here, ${ofConnect.join(" ")}.`);
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
