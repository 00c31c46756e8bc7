import { describe, expect, it } from "vitest";
import { hostUnreachable } from "../../services/host-shell/failures.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { HostName } from "../../src/core/names.ts";
import type { Operation } from "../../src/core/operation.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { told } from "../../src/operations/words.ts";
import { ask, crashPointsOf, run } from "./crash-points.ts";
import { ada, createWorld, type WorldOptions } from "./world.ts";

const request = { name: "ada", provider: null, region: null, size: null };

function setUp(options: WorldOptions = {}) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  return { ...world, definition, operation: ask(definition, request, ada) };
}

/** What has to be true of the world after a successful deploy, however often it was interrupted. */
async function _expectOneHealthyAgent(world: ReturnType<typeof createWorld>, record: Operation) {
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

describe("destroy", () => {
  async function deployed(options: WorldOptions = {}) {
    const world = setUp(options);
    await run(world.definition, world.operation);
    const definition = destroyOperation(world.services);
    return { ...world, definition, operation: ask(definition, { agent: "ada" }, ada) };
  }

  it("leaves what was put into the vault for the agent, and names it", async () => {
    const world = await deployed();
    const agent = await world.registry.get(ada);
    if (!agent) throw new Error("There is no agent.");
    const chosen = {
      providers: { openai: { key: "vault:openai" }, lab: { key: "env:LAB" } },
      channels: { telegram: { token: "vault:ada-telegram" } },
      openclaw: { again: "vault:openai" },
    };
    await world.registry.put({ ...agent, settings: { ...agent.settings, chosen } });
    const { record } = await run(world.definition, world.operation);
    expect(await world.registry.get(ada)).toBeNull();
    expect(told(record).facts).toEqual([
      {
        name: "Still in the vault",
        value: "vault:openai, vault:ada-telegram (it may be used elsewhere; creel secrets rm NAME takes one away)",
      },
    ]);
  });

  it.each(crashPointsOf(destroyOperation(createWorld().services)))(
    "removes host and agent despite a worker's death at $step, $moment",
    async (crash) => {
      const world = await deployed();
      const first = await run(world.definition, world.operation, { crash });
      const second = await run(world.definition, first.record);
      expect(second.record.state).toBe("succeeded");
      expect(await world.provider.list()).toEqual([]);
      expect(await world.registry.list()).toEqual([]);
    },
  );

  it("removes a host that runs and does not answer any more", async () => {
    let isDeaf = false;
    const world = await deployed({
      shells: {
        faults(call) {
          if (isDeaf && call === "connect") throw hostUnreachable("a host whose network is gone", null);
        },
      },
    });
    isDeaf = true;
    expect(await world.provider.list()).toMatchObject([{ state: "running" }]);
    const { record } = await run(world.definition, world.operation);
    expect(record.state).toBe("succeeded");
    expect(await world.provider.list()).toEqual([]);
    expect(await world.registry.list()).toEqual([]);
  });

  it("fails, and forgets nothing, when the host cannot be removed", async () => {
    let isStuck = false;
    const world = await deployed({
      provider: {
        faults(call) {
          if (isStuck && call === "destroy")
            throw new OpsError({ code: "provider-failed", userMessage: "It runs on." });
        },
      },
    });
    isStuck = true;
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "provider-failed", userMessage: "It runs on." });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
    expect(await world.provider.list()).toHaveLength(1);
  });

  it("removes what is left of a host that is not found", async () => {
    const removed: HostName[] = [];
    const world = await deployed();
    const { destroy } = world.provider;
    Object.assign(world.provider, {
      find: async () => null,
      destroy: async (name: HostName) => {
        removed.push(name);
        await destroy(name);
      },
    });
    const { record } = await run(world.definition, world.operation);
    expect(record.state).toBe("succeeded");
    expect(removed).toEqual(world.provider.made());
    expect(await world.provider.list()).toEqual([]);
  });

  it("removes a host that is switched off", async () => {
    const world = await deployed();
    for (const name of world.provider.made()) world.provider.powerOff(name);
    const { record } = await run(world.definition, world.operation);
    expect(record.state).toBe("succeeded");
    expect(await world.provider.list()).toEqual([]);
  });

  it("forgets an agent whose host has disappeared", async () => {
    const world = await deployed();
    for (const name of world.provider.made()) world.provider.lose(name);
    const { record } = await run(world.definition, world.operation);
    expect(record.state).toBe("succeeded");
    expect(await world.registry.list()).toEqual([]);
  });

  it.each(["find", "stop", "remove"])(
    "that is cancelled at the beginning of %s leaves the agent serving",
    async (step) => {
      const world = await deployed();
      const { record } = await run(world.definition, world.operation, { cancelDuring: step });
      expect(record.state).toBe("cancelled");
      expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
      const [host] = await world.provider.list();
      if (!host) throw new Error("There is no host.");
      await using shell = await world.shells.connect(host);
      expect((await world.gateway.health(shell, 18_789)).state).not.toBe("stopped");
      const again = deployOperation(world.services);
      expect((await run(again, ask(again, request, ada))).record.failure?.code).toBe("already-exists");
      expect(await world.provider.list()).toHaveLength(1);
    },
  );

  it("that is cancelled too late leaves nothing", async () => {
    const world = await deployed();
    await run(world.definition, world.operation, { cancelDuring: "forget" });
    expect(await world.provider.list()).toEqual([]);
    expect(await world.registry.list()).toEqual([]);
  });

  it("says so when there is no such agent", async () => {
    const world = createWorld();
    const definition = destroyOperation(world.services);
    const { record } = await run(definition, ask(definition, { agent: "ada" }, ada));
    expect(record.failure?.code).toBe("not-found");
  });
});
