import { describe, expect, it } from "vitest";
import { renderOutcome } from "../../src/channels/render/operation.ts";
import { OpsError } from "../../src/core/errors.ts";
import { finishStep, type Operation } from "../../src/core/operation.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { deploySteps } from "../../src/operations/deploy/steps.ts";
import { told } from "../../src/operations/words.ts";
import { ask, crashPointsOf, run } from "./crash-points.ts";
import { ada, CANARY, createWorld, type WorldOptions } from "./world.ts";

/** Steps of agents that are set up with something; `settings/deploy.test.ts` has those. */
const OF_SETTINGS = ["answers", "connected"];
const stepsOfAll = Object.fromEntries(Object.entries(deploySteps).filter(([name]) => !OF_SETTINGS.includes(name)));

const request = { name: "ada", provider: null, region: null, size: null };

function setUp(options: WorldOptions = {}) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  return { ...world, definition, operation: ask(definition, request, ada) };
}

/** What has to be true of the world after a successful deploy, however often it was interrupted. */
async function expectOneHealthyAgent(world: ReturnType<typeof createWorld>, record: Operation) {
  expect(record.failure).toBeNull();
  expect(record.state).toBe("succeeded");
  const hosts = await world.provider.list();
  expect(hosts).toHaveLength(1);
  expect(world.provider.made()).toHaveLength(1);
  const [host] = hosts;
  const agent = await world.registry.get(ada);
  expect(agent).toMatchObject({ state: "serving", host: host?.name, lastOperation: record.id });
  if (!host) throw new Error("There is no host.");
  // The pinned host key is the one the host has now, and it is not the one user-data carried.
  expect(world.shells.machine(host.name)?.hostKeyFingerprint).toBe(host.hostKeyFingerprint);
  expect(world.provider.specOf(host.name)?.hostKeyFingerprint).not.toBe(host.hostKeyFingerprint);
  await using shell = await world.shells.connect(host);
  expect(await world.gateway.health(shell, 18_789)).toMatchObject({ state: "ready" });
}

describe("deploy", () => {
  it("ends with one host, one ready gateway and one serving agent", async () => {
    const world = setUp();
    const { record } = await run(world.definition, world.operation);
    await expectOneHealthyAgent(world, record);
    expect(record.steps.filter(({ state }) => state !== "done").map(({ name }) => name)).toEqual(OF_SETTINGS);
  });

  it.each(crashPointsOf({ steps: stepsOfAll }))("survives a worker's death at $step, $moment", async (crash) => {
    const world = setUp();
    const first = await run(world.definition, world.operation, { crash });
    expect(first.died).toBe(true);
    const second = await run(world.definition, first.record);
    await expectOneHealthyAgent(world, second.record);
    expect(JSON.stringify([first.record, second.record])).not.toContain(CANARY);
  });

  it("ends well without a network, and says so", async () => {
    const world = setUp({ gateway: { behaviour: () => "without-network" } });
    const { record } = await run(world.definition, world.operation);
    await expectOneHealthyAgent(world, record);
    const why = "192.0.2.53 does not know example.net";
    expect(record.result).toMatchObject({ network: "missing", networkTrouble: why });
    const { title, blocks } = renderOutcome(record);
    expect(title).toMatch(/^Deployed ada in .*, but it has no network\.$/);
    expect(JSON.stringify(blocks)).toContain(why);
  });

  it("asks nothing of the network where agents are kept from it", async () => {
    const world = setUp({ provider: { internet: false }, gateway: { behaviour: () => "without-network" } });
    const { record } = await run(world.definition, world.operation);
    expect(record.result).toMatchObject({ network: "off", networkTrouble: null });
    expect(renderOutcome(record).title).toMatch(/^Deployed ada in [^,]+\.$/);
  });

  it("waits for the first boot once, also when it was cut off right after that", async () => {
    let boots = 0;
    const world = setUp({
      system: {
        firstBoot: () => {
          boots += 1;
          return [];
        },
      },
    });
    const crash = { step: "boot", moment: "after the effect, before the checkpoint" } as const;
    const { record } = await run(world.definition, world.operation, { crash });
    await expectOneHealthyAgent(world, (await run(world.definition, record)).record);
    expect(boots).toBe(1);
  });

  it("keeps the token out of the journal, the user-data and every argument list", async () => {
    const world = setUp();
    const { record } = await run(world.definition, world.operation);
    const [host] = await world.provider.list();
    if (!host) throw new Error("There is no host.");
    const seen = JSON.stringify([record, world.provider.specOf(host.name), world.shells.machine(host.name)?.argvSeen]);
    expect(seen).not.toContain(CANARY);
    // The canary was used at all: the memory gateway keeps it in its file on the host.
    expect([...(world.shells.machine(host.name)?.files.values() ?? [])].join()).toContain(CANARY);
  });

  it("refuses a name that is taken and leaves that agent alone", async () => {
    const world = setUp();
    await run(world.definition, world.operation);
    const again = await run(world.definition, ask(world.definition, request, ada));
    expect(again.record).toMatchObject({ state: "failed", failure: { code: "already-exists", leftBehind: [] } });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
    expect(await world.provider.list()).toHaveLength(1);
  });

  it("refuses a name whose host exists although Redis has forgotten the agent", async () => {
    const world = setUp();
    await run(world.definition, world.operation);
    await world.registry.remove(ada);
    const { record } = await run(world.definition, ask(world.definition, request, ada));
    expect(record.failure).toMatchObject({ code: "already-exists", hint: expect.stringContaining("creel adopt") });
    expect(await world.provider.list()).toHaveLength(1);
  });

  it.each([
    ["size", "gigantic", "small"],
    ["region", "moon", "here"],
  ])("names what is offered when the %s is unknown", async (what, value, offered) => {
    const world = setUp();
    const { record } = await run(world.definition, ask(world.definition, { ...request, [what]: value }, ada));
    expect(record.failure?.code).toBe("input-invalid");
    expect(record.failure?.hint).toContain(offered);
    expect(await world.registry.list()).toEqual([]);
  });

  it("refuses a size where it cannot be had, before it is asked for, and names what can", async () => {
    const world = setUp();
    const check = (wish: object) =>
      world.definition.check?.(
        { ...request, name: ada, ...wish },
        { underWay: null, isUndoing: false, worksHere: true },
      );
    await expect(check({ size: "large", region: "here" })).rejects.toMatchObject({
      code: "input-invalid",
      userMessage: "The size large cannot be had in here now.",
      hint: "There you can have small. large can be had in there.",
    });
    await expect(check({ size: "rare" })).rejects.toMatchObject({ code: "capacity" });
    await check({ size: "large" });
  });

  it("takes the first region that has the size", async () => {
    const world = setUp();
    const { record } = await run(world.definition, ask(world.definition, { ...request, size: "large" }, ada));
    expect(record.state).toBe("succeeded");
    expect(await world.provider.list()).toMatchObject([{ size: "large", region: "there" }]);
  });

  it("builds the golden image first when there is none", async () => {
    const world = setUp({ provider: { image: false } });
    const { record } = await run(world.definition, world.operation);
    await expectOneHealthyAgent(world, record);
  });

  it("makes the host of the image it has decided on, whatever is built meanwhile, and shows what the provider does", async () => {
    let isOver = false;
    const faults = async (call: string, when: string) => {
      if (call !== "create" || when !== "before" || isOver) return;
      isOver = true;
      await world.provider.images.build(() => undefined, new AbortController().signal, { force: true });
    };
    const world: ReturnType<typeof setUp> = setUp({ provider: { faults } });
    const details: string[] = [];
    const { record } = await run(world.definition, world.operation, {
      onDetail: (step, text) => void details.push(`${step}: ${text}`),
    });
    expect(record.state).toBe("succeeded");
    expect(isOver).toBe(true);
    const [newest, decided] = (await world.provider.images.status()).all;
    expect(newest?.id).not.toBe(decided?.id);
    expect(await world.provider.list()).toMatchObject([{ image: decided?.id }]);
    expect(details).toContain("create: Making it");
  });

  it("goes on with a journal of an older Creel, which did not say of which image", async () => {
    const world = setUp();
    const result = { fingerprint: "0123456789abcdef", system: "memory", tooOldDays: null };
    const operation = finishStep(world.operation, "image", result, 1);
    const { record } = await run(world.definition, operation);
    await expectOneHealthyAgent(world, record);
  });

  it("says so when the golden image is older than its owner wants, and only then", async () => {
    const DAY = 24 * 60 * 60_000;
    for (const [days, age] of [
      [30, undefined],
      [31, "31 days old, without security updates since; /image build makes a new one"],
    ] as const) {
      const world = setUp({ provider: { now: () => 1_700_000_000_000 - days * DAY } });
      const { record } = await run(world.definition, world.operation);
      expect(record.state, JSON.stringify(record.failure)).toBe("succeeded");
      expect(told(record).facts?.find(({ name }) => name === "Golden image")?.value).toBe(age);
    }
  });

  it("keeps nothing when the provider has no room", async () => {
    const faults = (call: string, when: string) => {
      if (call === "create" && when === "before")
        throw new OpsError({ code: "capacity", userMessage: "The disk is full." });
    };
    const world = setUp({ provider: { faults } });
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "capacity", leftBehind: [], nextCommands: ["/deploy name:ada"] });
    expect(await world.registry.list()).toEqual([]);
    expect(await world.provider.list()).toEqual([]);
  });

  it.each([
    ["config-invalid", "gateway-config-invalid"],
    ["crashes", "gateway-crashed"],
    ["lacks-pairing-scope", "gateway-rpc-failed"],
  ] as const)("explains a gateway that %s, keeps its host and says so", async (behaviour, code) => {
    const world = setUp({ gateway: { behaviour: () => behaviour } });
    const { record } = await run(world.definition, world.operation);
    const [host] = await world.provider.list();
    expect(record.failure?.code).toBe(code);
    expect(record.failure?.leftBehind.join(" ")).toContain(host?.name);
    expect(record.failure?.nextCommands).toContain("/logs agent:ada");
    expect(await world.registry.get(ada)).toMatchObject({ state: "failed", host: host?.name });
  });

  it("says which setting a gateway refuses, by its name in creel.yaml", async () => {
    const complaints = () => ["providers.lab.api: not one of these"];
    const world = setUp({ gateway: { behaviour: () => "config-invalid", complaints } });
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({
      code: "gateway-config-invalid",
      userMessage: expect.stringContaining("OpenClaw refuses the settings: providers.lab.api: not one of these."),
      evidence: expect.arrayContaining(["providers.lab.api: not one of these"]),
    });
    expect(record.failure?.hint).toContain("creel.yaml");
  });

  it.each(["192.0.2.1", "2001:db8::1"])(
    "fails when the gateway can be reached from outside at %s alone",
    async (at) => {
      const world = setUp({ exposed: (address) => address === at });
      const { record } = await run(world.definition, world.operation);
      const userMessage = `The gateway of ada answers from outside its host, at ${at} port 18789.`;
      expect(record.failure).toMatchObject({ code: "gateway-exposed", userMessage });
    },
  );

  it("fails when the first boot ended with errors", async () => {
    const world = setUp({ system: { firstBoot: () => ["('ssh', boom)"] } });
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "first-boot-failed", evidence: ["('ssh', boom)"] });
  });

  it("notices a host that disappears in the middle, and forgets it", async () => {
    let lose: () => void = () => undefined;
    const world = setUp({
      gateway: {
        faults: (call, when) => {
          if (call === "start" && when === "after") lose();
        },
      },
    });
    lose = () => {
      for (const name of world.provider.made()) world.provider.lose(name);
    };
    const { record } = await run(world.definition, world.operation);
    expect(record.state).toBe("failed");
    expect(record.failure?.leftBehind).toEqual([]);
    expect(await world.registry.list()).toEqual([]);
  });

  it("replaces what a failed deploy left when it is asked for again", async () => {
    let behaviour: "crashes" | "healthy" = "crashes";
    const world = setUp({ gateway: { behaviour: () => behaviour } });
    await run(world.definition, world.operation);
    behaviour = "healthy";
    const again = await run(world.definition, ask(world.definition, request, ada));
    expect(again.record.state).toBe("succeeded");
    expect(await world.provider.list()).toHaveLength(1);
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: again.record.id });
  });

  it.each(Object.keys(stepsOfAll))("leaves nothing when cancelled during %s", async (step) => {
    const world = setUp();
    const { record } = await run(world.definition, world.operation, { cancelDuring: step });
    expect(record.state).toBe("cancelled");
    expect(await world.provider.list()).toEqual([]);
    expect(await world.registry.list()).toEqual([]);
  });
});
