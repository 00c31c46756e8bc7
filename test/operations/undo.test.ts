import { describe, expect, it } from "vitest";
import { hostUnreachable } from "../../services/host-shell/failures.ts";
import { renderOutcome } from "../../src/channels/render/operation.ts";
import { OpsError } from "../../src/core/errors.ts";
import { type Operation, resume } from "../../src/core/operation.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { imageBuildOperation } from "../../src/operations/image-build.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { ask, crashPointsOf, fakeClock, run } from "./crash-points.ts";
import { ada, createWorld, type WorldOptions } from "./world.ts";

const request = { name: "ada", provider: null, region: null, size: null };

function setUp(options: WorldOptions = {}) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  return { ...world, definition, operation: ask(definition, request, ada) };
}

/** Every call that a cloud refuses with 503 while `isAway()`. */
const cloud = (isAway: () => boolean) => ({
  faults() {
    if (isAway()) throw new OpsError({ code: "provider-failed", userMessage: "503", retry: "later" });
  },
});

/** Calls `then` when the first file of a gateway is put on a host. */
const begins = (then: () => void) => (call: string) => {
  if (call === "install") then();
};

const operations = (world = createWorld()) => [
  deployOperation(world.services),
  destroyOperation(world.services),
  restartOperation(world.services),
  imageBuildOperation(world.services),
];

it("no step that undoes has the name of a step of its operation", () => {
  for (const { steps, undo } of operations()) {
    expect(Object.keys(steps).filter((name) => Object.hasOwn(undo.steps, name))).toEqual([]);
  }
});

describe("undoing a cancelled deploy", () => {
  async function expectNothing({ provider, registry }: ReturnType<typeof setUp>, record: Operation) {
    expect(record).toMatchObject({ state: "cancelled", failure: { code: "cancelled", leftBehind: [] } });
    expect(await provider.list()).toEqual([]);
    expect(await registry.list()).toEqual([]);
  }

  it.each(crashPointsOf(deployOperation(createWorld().services).undo))(
    "leaves nothing despite a worker's death at $step, $moment",
    async (crash) => {
      const world = setUp();
      const first = await run(world.definition, world.operation, { cancelDuring: "install", crash });
      expect(first.died).toBe(true);
      await expectNothing(world, (await run(world.definition, first.record)).record);
    },
  );

  it("waits for a provider that is away for some minutes", async () => {
    let hasBegun = false;
    let refusals = 0;
    const world = setUp({
      provider: cloud(() => hasBegun && ++refusals < 20),
      gateway: {
        faults: begins(() => {
          hasBegun = true;
        }),
      },
    });
    await expectNothing(world, (await run(world.definition, world.operation, { cancelDuring: "install" })).record);
    expect(refusals).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ["20 minutes", 20, false],
    ["an hour", 60, true],
  ])("leaves nothing, or names it, when the provider is away for %s", async (_for, minutes, isStuck) => {
    const clock = fakeClock();
    let backAtMs = 0;
    const world = setUp({
      provider: cloud(() => clock.now() < backAtMs),
      gateway: {
        faults: begins(() => {
          backAtMs = clock.now() + minutes * 60_000;
        }),
      },
    });
    const { record } = await run(world.definition, world.operation, { cancelDuring: "install", clock });
    if (!isStuck) return await expectNothing(world, record);
    expect(record).toMatchObject({
      state: "stuck",
      failure: { leftBehind: [expect.stringContaining(`${world.provider.made()[0]} may exist`), expect.anything()] },
    });
    clock.advance(60 * 60_000);
    await expectNothing(world, (await run(world.definition, resume(record, 0), { clock })).record);
  });

  it("is stuck when the provider stays away, names what is left, and removes it when it is asked to go on", async () => {
    let isAway = false;
    const world = setUp({
      provider: cloud(() => isAway),
      gateway: {
        faults: begins(() => {
          isAway = true;
        }),
      },
    });
    const { record } = await run(world.definition, world.operation, { cancelDuring: "install" });
    const [host] = world.provider.made();
    expect(record.state).toBe("stuck");
    expect(record.failure?.leftBehind.join(" ")).toContain(host);
    expect(renderOutcome(record)).toMatchObject({
      tone: "bad",
      title: expect.stringMatching(
        /^Deploying ada was cancelled, and cleaning up is stuck after .*, at “See what was made”\.$/,
      ),
      actions: [{ label: "Retry" }, { label: "Status ada" }],
    });
    isAway = false;
    await expectNothing(world, (await run(world.definition, resume(record, 0))).record);
  });

  it("does not touch what a later operation has made under the same name", async () => {
    const world = setUp({ gateway: { behaviour: () => "crashes" } });
    const first = await run(world.definition, world.operation, {
      cancelDuring: "install",
      crash: { step: "survey", moment: "before the effect" },
    });
    const later = await run(world.definition, ask(world.definition, request, ada));
    const { record } = await run(world.definition, first.record);
    expect(record.state).toBe("cancelled");
    expect(await world.registry.get(ada)).toMatchObject({ lastOperation: later.record.id, state: "failed" });
    expect(await world.provider.list()).toMatchObject([{ operation: later.record.id }]);
  });
});

describe.each([
  ["destroy", destroyOperation, "remove"],
  ["restart", restartOperation, "repair"],
] as const)("undoing a cancelled %s", (_kind, make, step) => {
  it.each(crashPointsOf(make(createWorld().services).undo))(
    "leaves the agent serving despite a worker's death at $step, $moment",
    async (crash) => {
      const world = setUp();
      await run(world.definition, world.operation);
      const definition = make(world.services);
      const operation = ask(definition, { agent: "ada" }, ada);
      const first = await run(definition, operation, { cancelDuring: step, crash });
      expect(first.died).toBe(true);
      const { record } = await run(definition, first.record);
      expect(record.state).toBe("cancelled");
      expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
      const [host] = await world.provider.list();
      if (!host) throw new Error("There is no host.");
      await using shell = await world.shells.connect(host);
      expect((await world.gateway.health(shell, 18_789)).state).not.toBe("stopped");
    },
  );
});

it.each(crashPointsOf(destroyOperation(createWorld().services).undo).filter(({ step }) => step !== "serve"))(
  "undoing a destroy whose host is gone forgets the agent despite a worker's death at $step, $moment",
  async (crash) => {
    const world = setUp();
    await run(world.definition, world.operation);
    const definition = destroyOperation(world.services);
    const operation = ask(definition, { agent: "ada" }, ada);
    const first = await run(definition, operation, { cancelDuring: "forget", crash });
    expect(first.died).toBe(true);
    expect((await run(definition, first.record)).record).toMatchObject({
      state: "cancelled",
      failure: { leftBehind: [] },
    });
    expect([await world.registry.list(), await world.provider.list()]).toEqual([[], []]);
  },
);

describe("undoing a failed deploy", () => {
  it.each(crashPointsOf(deployOperation(createWorld().services).undo))(
    "keeps its host for its logs despite a worker's death at $step, $moment",
    async (crash) => {
      const world = setUp({ gateway: { behaviour: () => "crashes" } });
      const first = await run(world.definition, world.operation, { crash });
      expect(first.died).toBe(true);
      const { record } = await run(world.definition, first.record);
      const [host] = await world.provider.list();
      expect(record).toMatchObject({ state: "failed", failure: { code: "gateway-crashed" } });
      expect(record.failure?.leftBehind[0]).toBe(`Host ${host?.name} at memory exists and is running.`);
      expect(await world.registry.get(ada)).toMatchObject({ state: "failed", host: host?.name });
    },
  );
});

describe("of what an operation has not begun", () => {
  const mars = async () => {
    const world = setUp();
    await run(world.definition, world.operation);
    const agent = await world.registry.get(ada);
    if (agent === null) throw new Error("There is no agent.");
    await world.registry.put({ ...agent, provider: "mars" });
    return world;
  };

  it.each([
    ["destroy", destroyOperation],
    ["restart", restartOperation],
  ] as const)(
    "nothing is undone: a %s of an agent with an unknown provider fails, and says so",
    async (_kind, make) => {
      const world = await mars();
      const definition = make(world.services);
      const { record } = await run(definition, ask(definition, { agent: "ada" }, ada));
      expect(record).toMatchObject({ state: "failed", failure: { leftBehind: ["Agent ada is as it was."] } });
      expect(record.failure?.userMessage).toContain('no provider called "mars"');
      expect(await world.registry.get(ada)).toMatchObject({ state: "serving", provider: "mars" });
    },
  );

  it("nothing is waited for: a restart of a host that does not answer ends as failed, and says what is there", async () => {
    let isDeaf = false;
    const faults = (call: string) => {
      if (isDeaf && call === "connect") throw hostUnreachable("a host whose network is gone", null);
    };
    const world = setUp({ shells: { faults } });
    await run(world.definition, world.operation);
    isDeaf = true;
    const definition = restartOperation(world.services);
    const { record } = await run(definition, ask(definition, { agent: "ada" }, ada));
    expect(record.state).toBe("failed");
    expect(record.failure?.leftBehind).toEqual([
      expect.stringMatching(/^Host ada-\w+ at memory exists and is running\.$/),
    ]);
    expect(record.undo.map(({ state }) => state)).toEqual(["done", "pending"]);
  });
});

describe.each([
  ["destroy", destroyOperation, "remove"],
  ["restart", restartOperation, "repair"],
] as const)("a host that does not answer any more after a %s has stopped its gateway", (_kind, make, next) => {
  const deafAfterStop = async (isDeaf: () => boolean) => {
    let isStopped = false;
    const world = setUp({
      shells: {
        faults(call) {
          if (isStopped && call === "connect" && isDeaf()) throw hostUnreachable("a host whose network is gone", null);
        },
      },
      gateway: {
        faults(call, when) {
          if (call === "stop" && when === "after") isStopped = true;
        },
      },
    });
    await run(world.definition, world.operation);
    const definition = make(world.services);
    const health = async () => {
      const [host] = await world.provider.list();
      if (!host) throw new Error("There is no host.");
      await using shell = await world.shells.connect(host);
      return (await world.gateway.health(shell, 18_789)).state;
    };
    return { definition, operation: ask(definition, { agent: "ada" }, ada), health };
  };

  it("is asked again until it answers, and then serves", async () => {
    let refusals = 0;
    const { definition, operation, health } = await deafAfterStop(() => ++refusals < 8);
    const { record } = await run(definition, operation, { cancelDuring: next });
    expect(record.state).toBe("cancelled");
    expect(record.undo.find(({ name }) => name === "serve")?.attempts).toBeGreaterThan(5);
    expect(["ready", "starting"]).toContain(await health());
  });

  it("is named as stuck in the end, and serves after a retry", async () => {
    let isDeaf = true;
    const { definition, operation, health } = await deafAfterStop(() => isDeaf);
    const { record } = await run(definition, operation, { cancelDuring: next });
    expect(record.state).toBe("stuck");
    expect(record.failure?.leftBehind[0]).toMatch(/of ada may be stopped\.$/);
    isDeaf = false;
    expect((await run(definition, resume(record, 0))).record.state).toBe("cancelled");
    expect(["ready", "starting"]).toContain(await health());
  });
});
