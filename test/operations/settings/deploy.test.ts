import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { GatewaySpec, RepairSpec } from "../../../services/gateway/gateway.ts";
import type { Services } from "../../../src/assembly/services.ts";
import { renderOutcome } from "../../../src/channels/render/operation.ts";
import { NOTHING_KEPT, type SettingsLayer } from "../../../src/core/agent-settings.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { Secret, type SecretRef } from "../../../src/core/secrets.ts";
import { adoptHosts } from "../../../src/fleet/adopt.ts";
import { ask as askKind } from "../../../src/operations/ask.ts";
import { deployOperation } from "../../../src/operations/deploy/deploy.ts";
import { deploySteps } from "../../../src/operations/deploy/steps.ts";
import { restartOperation } from "../../../src/operations/restart.ts";
import { changeOperation } from "../../../src/operations/settings/change.ts";
import { configureChange } from "../../../src/operations/settings/configure.ts";
import { told } from "../../../src/operations/words.ts";
import { agentCalled } from "../../desk/world.ts";
import { ask, crashPointsOf, type RunOptions, run } from "../crash-points.ts";
import { ada, CANARY, createWorld, type WorldOptions } from "../world.ts";

const KEY = new Secret(`${CANARY}-key`);
const request = { name: "ada", provider: null, region: null, size: null };
const good = {
  model: "openai/one",
  providers: { openai: { key: "env:KEY" } },
  channels: { telegram: { token: "env:TOKEN" } },
} satisfies SettingsLayer;
const ADA_BOT = { id: "100000001", name: "ada_bot" };
const connected = { channel: "telegram", state: "connected", bot: "ada_bot", why: null } as const;
const noSecret = (ref: SecretRef) => new OpsError({ code: "secret-unavailable", userMessage: `There is no ${ref}.` });

function setUp(layer: SettingsLayer, options: WorldOptions = {}) {
  const specs: GatewaySpec[] = [];
  const repairs: RepairSpec[] = [];
  const world = createWorld({
    layers: () => [layer],
    models: { openai: { keys: [KEY], models: ["one"] } },
    async secret(ref) {
      if (ref === "env:TOKEN") return token;
      if (ref === "env:KEY" || ref === "env:OTHER") return ref === "env:KEY" ? KEY : new Secret(`${CANARY}-other`);
      throw noSecret(ref);
    },
    ...options,
    gateway: { answer: () => "Hello.", channels: () => [connected], ...options.gateway },
  });
  const token = world.botServices.add("telegram", ADA_BOT);
  const { gateway } = world;
  const watched: typeof gateway = {
    ...gateway,
    async install(shell, spec, signal) {
      specs.push(spec);
      await gateway.install(shell, spec, signal);
    },
    async repair(shell, spec, signal) {
      repairs.push(spec);
      return await gateway.repair(shell, spec, signal);
    },
  };
  const services = { ...world.services, gatewayOn: () => watched };
  const definition = deployOperation(services);
  const deploy = async (how?: RunOptions, operation = ask(definition, request, ada)) =>
    (await run(definition, operation, how)).record;
  const onHost = async () => {
    const [host] = await world.provider.list();
    if (!host) throw new Error("There is no host.");
    await using shell = await world.shells.connect(host);
    return await gateway.settings.kept(shell, new AbortController().signal);
  };
  return { ...world, services, definition, token, specs, repairs, deploy, onHost };
}

describe("a deploy with settings", () => {
  it("gives the gateway what creel.yaml says, proves it, and keeps it with the agent and on its host", async () => {
    const world = setUp(good);
    const record = await world.deploy();
    expect(record.failure).toBeNull();
    const spec = world.specs[0];
    expect(spec?.setup.settings).toMatchObject({ model: "openai/one", channels: { telegram: { token: "env:TOKEN" } } });
    expect(spec?.setup.secrets).toEqual(
      new Map([
        ["env:KEY", KEY],
        ["env:TOKEN", world.token],
      ]),
    );
    const kept = { chosen: {}, applied: spec?.setup.settings, bots: { telegram: ADA_BOT, discord: null } };
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", settings: kept });
    expect(await world.onHost()).toEqual(kept);
    expect(told(record).facts).toEqual(
      expect.arrayContaining([
        { name: "Model", value: "openai/one" },
        { name: "First answer", value: "Hello." },
        { name: "Telegram", value: "@ada_bot is listening. Write to it." },
      ]),
    );
    expect(renderOutcome(record).title).toMatch(/^Deployed ada in [^,]+\.$/);
    expect(JSON.stringify([record, kept, await world.registry.list()])).not.toContain(CANARY);
  });

  it.each(crashPointsOf({ steps: deploySteps }))(
    "comes to the same after a worker's death at $step, $moment",
    async (crash) => {
      const turns = new Set<string>();
      const world = setUp(good, {
        gateway: {
          answer(_agent, { key }) {
            turns.add(key);
            return "Hello.";
          },
        },
      });
      const first = await world.deploy({ crash });
      const record = await world.deploy({}, first);
      expect(record.failure).toBeNull();
      expect(turns.size).toBe(1);
      expect(world.provider.made()).toHaveLength(1);
      const settings = (await world.registry.get(ada))?.settings;
      expect(settings).toMatchObject({ applied: { model: "openai/one" }, bots: { telegram: ADA_BOT } });
      expect(await world.onHost()).toEqual(settings);
      expect(JSON.stringify([first, record])).not.toContain(CANARY);
    },
  );

  it("takes settings of 60 KB", async () => {
    const servers = Array.from({ length: 300 }, (_, index) => [
      `server-${index}`,
      { url: `https://${"a".repeat(180)}.example` },
    ]);
    const openclaw = { mcp: { servers: Object.fromEntries(servers) } };
    const world = setUp({ ...good, openclaw });
    const record = await world.deploy();
    expect(record.failure).toBeNull();
    expect(await world.registry.get(ada)).toMatchObject({ settings: { applied: { openclaw } } });
    expect(JSON.stringify(await world.onHost()).length).toBeGreaterThan(60_000);
    expect(JSON.stringify(record).length).toBeLessThan(16_000);
  });

  it("that begins while creel.yaml is changed says so, and makes nothing", async () => {
    const layer = { ...good, timeZone: "Europe/Berlin" };
    const world = setUp(layer);
    const first = await world.deploy({ crash: { step: "reserve", moment: "before the effect" } });
    layer.timeZone = "Europe/Paris";
    const record = await world.deploy({}, first);
    expect(record.failure).toMatchObject({ code: "wrong-state", hint: expect.stringContaining("/deploy name:ada") });
    expect([world.provider.made(), await world.registry.list()]).toEqual([[], []]);
  });

  it("whose bot another agent was given meanwhile makes nothing, and says whose it is", async () => {
    const world = setUp(good);
    const first = await world.deploy({ crash: { step: "reserve", moment: "before the effect" } });
    const settings = { ...NOTHING_KEPT, bots: { telegram: ADA_BOT, discord: null } };
    await world.registry.put(agentCalled("bob", { state: "failed", settings }));
    const record = await world.deploy({}, first);
    expect(record.failure).toMatchObject({
      code: "already-exists",
      userMessage: "@ada_bot is the bot of bob already.",
      hint: expect.stringContaining("/destroy agent:bob"),
    });
    expect(world.provider.made()).toEqual([]);
  });

  it("says which token is missing", async () => {
    const record = await setUp({ ...good, channels: { telegram: { apiRoot: "https://bots.example" } } }).deploy();
    expect(told(record)).toMatchObject({
      facts: expect.arrayContaining([{ name: "Telegram", value: "its bot's token is missing" }]),
      next: ["/connect agent:ada channel:telegram", "/status agent:ada", "/logs agent:ada"],
    });
  });

  it("says what is missing where nothing is set, and asks nobody", async () => {
    const asked = () => {
      throw new Error("It was asked.");
    };
    const world = setUp({}, { gateway: { answer: asked, channels: asked } });
    const record = await world.deploy();
    expect(record.failure).toBeNull();
    const left = record.steps.filter(({ state }) => state !== "done").map(({ name, state }) => `${name} ${state}`);
    expect(left).toEqual(["answers pending", "connected pending"]);
    expect(told(record)).toMatchObject({
      facts: expect.arrayContaining([{ name: "Model", value: "none yet, so it cannot answer" }]),
      next: ["/model agent:ada", "/connect agent:ada", "/status agent:ada", "/logs agent:ada"],
    });
    expect(world.specs[0]).toMatchObject({ setup: { settings: { model: null } }, workspace: null });
  });

  it.each([
    [
      "whose model does not answer",
      { answer: () => Promise.reject(new OpsError({ code: "agent-cannot-answer", userMessage: "It has no credit." })) },
      /, but it does not answer\.$/,
      "It has no credit. /model agent:ada changes that; with key:new it asks for another one.",
    ],
    [
      "whose model is not there for minutes",
      {
        answer: () =>
          Promise.reject(new OpsError({ code: "model-unavailable", userMessage: "It is busy.", retry: "later" })),
      },
      /, but it does not answer\.$/,
      "It is busy. /model agent:ada changes that; with key:new it asks for another one.",
    ],
    [
      "whose bot is refused",
      { channels: () => [{ ...connected, state: "failed" as const, why: "401 Unauthorized" }] },
      /, but its bot is not connected\.$/,
      "401 Unauthorized",
    ],
    [
      "whose bot never connects",
      { channels: () => [{ ...connected, state: "connecting" as const }] },
      /, but its bot is not connected\.$/,
      "/connect agent:ada changes that; with token:new it asks for another one.",
    ],
  ])("makes an agent serve %s, and says so", async (_, gateway, title, why) => {
    const world = setUp(good, { gateway });
    const record = await world.deploy();
    expect(record.failure).toBeNull();
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
    const outcome = renderOutcome(record);
    expect(outcome.title).toMatch(title);
    expect(JSON.stringify(outcome.blocks)).toContain(why);
    expect(JSON.stringify(outcome.blocks)).not.toContain("is listening");
  });

  it.each([
    ["a key that its provider does not take", { ...good, providers: { openai: { key: "env:OTHER" } } }, "key-refused"],
    ["a model that its provider does not have", { ...good, model: "openai/two" }, "not-found"],
    ["no token of a bot", { ...good, channels: { telegram: { token: "env:KEY" } } }, "chat-refused"],
  ])("makes no host for an agent with %s", async (_, layer, code) => {
    const world = setUp(layer);
    const record = await world.deploy();
    expect(record.failure).toMatchObject({ code });
    expect(world.provider.made()).toEqual([]);
    expect(JSON.stringify(record)).not.toContain(CANARY);
  });

  it("refuses what cannot be read before it is even asked for, and names it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "creel-deploy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const check = (layer: SettingsLayer) =>
      setUp(layer).definition.check?.({ ...request, name: ada }, { underWay: null, isUndoing: false, worksHere: true });
    await check({ ...good, workspace: folder });
    await expect(check({ ...good, channels: { discord: { token: "env:NONE" } } })).rejects.toMatchObject({
      code: "secret-unavailable",
      userMessage: "channels.discord.token: There is no env:NONE.",
    });
    writeFileSync(join(folder, "film.mp4"), "");
    truncateSync(join(folder, "film.mp4"), 50_000_000);
    await expect(check({ ...good, workspace: folder })).rejects.toMatchObject({
      code: "config-invalid",
      userMessage: `film.mp4 in the workspace ${folder} has 50 MB.`,
    });
  });

  it("hands the workspace over, and says what may hold a secret", async () => {
    const folder = mkdtempSync(join(tmpdir(), "creel-deploy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "SOUL.md"), "Be kind.");
    writeFileSync(join(folder, ".env"), `KEY=${CANARY}`);
    const world = setUp({ workspace: folder });
    const record = await world.deploy();
    expect(record.failure).toBeNull();
    expect(world.specs[0]?.workspace?.map(({ path }) => path)).toEqual([".env", "SOUL.md"]);
    expect(told(record).facts?.find(({ name }) => name === "Workspace")?.value).toContain(".env may hold a secret");
    expect(JSON.stringify(record)).not.toContain(CANARY);
  });

  it("lets what was chosen win, also when the agent is deployed again after it failed", async () => {
    let behaviour: "crashes" | "healthy" = "crashes";
    const world = setUp({ ...good, model: "openai/two" }, { gateway: { behaviour: () => behaviour } });
    const chosen = { model: "openai/one" };
    const put = async () => {
      const agent = await world.registry.get(ada);
      if (agent) await world.registry.put({ ...agent, settings: { ...agent.settings, chosen } });
    };
    expect((await world.deploy()).failure?.code).toBe("not-found");
    await world.registry.put({
      ...{ name: ada, state: "failed", provider: "memory", host: null, createdAtMs: 0 },
      ...{ lastOperation: ask(world.definition, request, ada).id },
      settings: { chosen, applied: null, bots: { telegram: null, discord: null } },
    });
    expect((await world.deploy()).failure?.code).toBe("gateway-crashed");
    await put();
    behaviour = "healthy";
    expect((await world.deploy()).failure).toBeNull();
    expect((await world.registry.get(ada))?.settings).toMatchObject({ chosen, applied: { model: "openai/one" } });
  });

  it("is taken in again with everything that was chosen, when all that Creel remembers is lost", async () => {
    const world = setUp(good);
    await world.deploy();
    const before = await world.registry.get(ada);
    await world.registry.remove(ada);
    await adoptHosts(world.services, 1);
    expect((await world.registry.get(ada))?.settings).toEqual(before?.settings);
    expect(before?.settings.applied?.model).toBe("openai/one");
  });

  describe("that is taken in again while nobody can look", () => {
    const forgotten = async () => {
      const world = setUp(good);
      await world.deploy();
      const before = await world.registry.get(ada);
      await world.registry.remove(ada);
      const [host] = await world.provider.list();
      if (!host) throw new Error("There is no host.");
      return { ...world, before, host };
    };
    const restored = async ({ registry, before }: Awaited<ReturnType<typeof forgotten>>) => {
      const agent = await registry.get(ada);
      expect(agent?.settings).toEqual(before?.settings);
      expect(agent?.isUnread).toBeUndefined();
    };

    it("as its host is off, has its settings again before it is restarted", async () => {
      const world = await forgotten();
      world.provider.powerOff(world.host.name);
      await adoptHosts(world.services, 1);
      expect(await world.registry.get(ada)).toMatchObject({ isUnread: true, settings: NOTHING_KEPT });
      const restart = restartOperation(world.services);
      expect((await run(restart, ask(restart, { agent: "ada" }, ada))).record.failure).toBeNull();
      await restored(world);
      expect((await world.repairs[0]?.setup())?.settings.model).toBe("openai/one");
    });

    const unreadable = async (world: Awaited<ReturnType<typeof forgotten>>) => {
      const gateway = world.services.gatewayOn();
      const kept = async () =>
        Promise.reject(new OpsError({ code: "host-command-failed", userMessage: "It is torn." }));
      const torn = { ...gateway, settings: { ...gateway.settings, kept } };
      return await adoptHosts({ ...world.services, gatewayOn: () => torn }, 1);
    };

    it.each([
      [
        "/ask",
        (services: Services) => askKind.define(services, () => expect.fail("It has none.")),
        { message: "Hello" },
      ],
      ["/configure", (services: Services) => changeOperation(services, configureChange), {}],
    ])("as they cannot be read, has them again with %s", async (_, define, params) => {
      const world = await forgotten();
      const { adopted } = await unreadable(world);
      expect(adopted[0]).toMatchObject({
        agent: { state: "serving", isUnread: true },
        because: "its gateway is ready; its settings could not be read, and its next operation tries again",
      });
      const definition = define(world.services);
      await definition.check?.({ agent: ada, message: "Hello" }, { underWay: null, isUndoing: false, worksHere: true });
      const { record } = await run(definition, ask(definition, { agent: "ada", ...params }, ada));
      expect(record.failure).toBeNull();
      await restored(world);
    });

    it("as what its host keeps is damaged, says that it is lost", async () => {
      const world = await forgotten();
      await using shell = await world.shells.connect(world.host);
      await shell.check(["tee", "/memory-agent.json"], { stdin: '{"chosen":' });
      const { adopted } = await adoptHosts(world.services, 1);
      expect(adopted[0]?.because).toMatch(/is not readable any more, and \/configure hands it what creel.yaml says$/);
      expect(adopted[0]?.agent.isUnread).toBeUndefined();
    });
  });

  it("has its secrets brought again by a restart, as they are now", async () => {
    const world = setUp(good);
    await world.deploy();
    const restart = restartOperation(world.services);
    const { record } = await run(restart, ask(restart, { agent: "ada" }, ada));
    expect(record.failure).toBeNull();
    const setup = await world.repairs[0]?.setup();
    expect(setup?.settings.model).toBe("openai/one");
    expect(setup?.secrets.get("env:KEY" as SecretRef)).toBe(KEY);
  });
});
