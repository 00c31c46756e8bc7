import { describe, expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { type Operation, resume } from "../../src/core/operation.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { ask, type RunOptions, run } from "./crash-points.ts";
import { ada, createWorld } from "./world.ts";

const request = { name: "ada", provider: null, region: null, size: null };
const refusal = () => new OpsError({ code: "provider-failed", userMessage: "It refuses." });

/** `broken`: what refuses as long as it is in there, besides "forget", which is the registry. */
function setUp() {
  const broken = new Set<string>();
  const world = createWorld({
    provider: {
      faults(call) {
        if (broken.has(call)) throw refusal();
      },
    },
    gateway: {
      faults(call) {
        if (broken.has(call)) throw refusal();
      },
    },
  });
  const registry = {
    ...world.registry,
    async remove(name: typeof ada) {
      if (broken.has("forget")) throw refusal();
      await world.registry.remove(name);
    },
  };
  const services = { ...world.services, registry };
  const definitions = {
    deploy: deployOperation(services),
    destroy: destroyOperation(services),
    restart: restartOperation(services),
  };
  const perform = async (definition: OperationDefinition, params: Json, options: RunOptions = {}) =>
    (await run(definition, ask(definition, params, ada), options)).record;
  return {
    ...world,
    broken,
    definitions,
    deploy: (options?: RunOptions) => perform(definitions.deploy, request, options),
    destroy: (options?: RunOptions) => perform(definitions.destroy, { agent: "ada" }, options),
    restart: () => perform(definitions.restart, { agent: "ada" }),
    async retry(stuck: Operation, definition: OperationDefinition) {
      expect(stuck.state).toBe("stuck");
      broken.clear();
      return (await run(definition, resume(stuck, 0))).record;
    },
  };
}

/** A deploy that was cancelled, and whose host could not be removed. */
async function stuckDeploy() {
  const world = setUp();
  world.broken.add("destroy");
  const stuck = await world.deploy({ cancelDuring: "install" });
  expect(stuck).toMatchObject({ state: "stuck", failure: { code: "cancelled" } });
  return { world, stuck };
}

async function expectNothing({ provider, registry }: ReturnType<typeof setUp>, record: Operation) {
  expect(record).toMatchObject({ state: "cancelled", failure: { leftBehind: [] } });
  expect(await provider.list()).toEqual([]);
  expect(await registry.list()).toEqual([]);
}

describe("a deploy that is stuck and goes on", () => {
  it("removes its host also after a /destroy that has failed", async () => {
    const { world, stuck } = await stuckDeploy();
    const destroy = await world.destroy();
    expect(destroy.state).toBe("failed");
    expect(await world.registry.get(ada)).toMatchObject({ lastOperation: destroy.id });
    await expectNothing(world, await world.retry(stuck, world.definitions.deploy));
  });

  it("removes its host also when the agent was forgotten", async () => {
    const { world, stuck } = await stuckDeploy();
    await world.registry.remove(ada);
    await expectNothing(world, await world.retry(stuck, world.definitions.deploy));
  });

  it("removes its host also when that failed for another reason than a cancellation, and nobody could read its logs", async () => {
    const world = setUp();
    world.broken.add("install").add("find");
    const stuck = await world.deploy();
    await world.registry.remove(ada);
    const record = await world.retry(stuck, world.definitions.deploy);
    expect(record).toMatchObject({ state: "failed", failure: { leftBehind: [] } });
    expect(await world.provider.list()).toEqual([]);
  });

  it("leaves the agent alone that a later deploy has made, and its host", async () => {
    const { world, stuck } = await stuckDeploy();
    world.broken.clear();
    const later = await world.deploy();
    expect(later.state).toBe("succeeded");
    const record = await world.retry(stuck, world.definitions.deploy);
    expect(record).toMatchObject({
      state: "cancelled",
      failure: { leftBehind: [], nextCommands: ["/status agent:ada"] },
    });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: later.id });
    expect(await world.provider.list()).toMatchObject([{ operation: later.id }]);
  });

  it("leaves a host on which the agent serves since a /restart, and says so", async () => {
    const world = setUp();
    world.broken.add("destroy");
    const recorded = await world.deploy({
      crash: { step: "record", moment: "after the effect, before the checkpoint" },
    });
    const { record: stuck } = await run(world.definitions.deploy, recorded, { cancelDuring: "record" });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: stuck.id });
    const restart = await world.restart();
    expect(restart.state).toBe("succeeded");
    const record = await world.retry(stuck, world.definitions.deploy);
    const [host] = await world.provider.list();
    expect(record).toMatchObject({ state: "cancelled", failure: { nextCommands: ["/status agent:ada"] } });
    expect(record.failure?.leftBehind).toEqual([
      `Host ${host?.name} at memory exists and is running.`,
      "Agent ada was brought into service since, and is left as it is.",
    ]);
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: restart.id });
  });
});

it("a deploy that a newer Creel finds under way is stuck, with its host named, until an older one or a /destroy puts things in order", async () => {
  const world = setUp();
  const { deploy } = world.definitions;
  const begun = await world.deploy({ crash: { step: "install", moment: "after the effect, before the checkpoint" } });
  const newer = { ...deploy, version: deploy.version + 1 };
  const { record } = await run(newer, begun);
  expect(record).toMatchObject({ state: "stuck", failure: { code: "unknown-version" } });
  expect(record.failure?.leftBehind[0]).toContain(`Host ${world.provider.made()[0]} may exist`);
  const still = await world.retry(record, newer);
  expect(still).toMatchObject({ state: "stuck", failure: record.failure });
  expect((await world.retry(still, deploy)).failure?.leftBehind[0]).toMatch(/exists and is running/);
  expect((await world.destroy()).state).toBe("succeeded");
  expect(await world.provider.list()).toEqual([]);
});

it("a destroy that is stuck and goes on does not forget the agent that was deployed since", async () => {
  const world = setUp();
  await world.deploy();
  world.broken.add("forget");
  const stuck = await world.destroy();
  expect(stuck.undo.map(({ state }) => state)).toEqual(["done", "failed", "pending"]);
  world.broken.clear();
  expect((await world.destroy()).state).toBe("succeeded");
  const later = await world.deploy();
  expect(later.state).toBe("succeeded");
  const record = await world.retry(stuck, world.definitions.destroy);
  expect(record.state).toBe("failed");
  expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: later.id });
  expect(await world.provider.list()).toHaveLength(1);
});
