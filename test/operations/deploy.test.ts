import { describe, expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import type { Operation } from "../../src/core/operation.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { ask, crashPointsOf, run } from "./crash-points.ts";
import { ada, CANARY, createWorld, type WorldOptions } from "./world.ts";

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
  expect(await world.services.gateway.health(shell, 18_789)).toMatchObject({ state: "ready" });
}

describe("deploy", () => {
  it("ends with one host, one ready gateway and one serving agent", async () => {
    const world = setUp();
    const { record } = await run(world.definition, world.operation);
    await expectOneHealthyAgent(world, record);
    expect(record.steps.every((step) => step.state === "done")).toBe(true);
  });

  it.each(crashPointsOf(deployOperation(createWorld().services)))(
    "survives a worker's death at $step, $moment",
    async (crash) => {
      const world = setUp();
      const first = await run(world.definition, world.operation, { crash });
      expect(first.died).toBe(true);
      const second = await run(world.definition, first.record);
      await expectOneHealthyAgent(world, second.record);
      expect(JSON.stringify([first.record, second.record])).not.toContain(CANARY);
    },
  );

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

  it("builds the golden image first when there is none", async () => {
    const world = setUp({ provider: { snapshot: false } });
    const { record } = await run(world.definition, world.operation);
    await expectOneHealthyAgent(world, record);
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

  it("fails when the gateway can be reached from outside", async () => {
    const world = setUp({ exposed: true });
    const { record } = await run(world.definition, world.operation);
    expect(record.failure?.code).toBe("gateway-exposed");
  });

  it("fails when cloud-init ended with errors", async () => {
    const stdout = JSON.stringify({ extended_status: "error", errors: ["('ssh', boom)"], recoverable_errors: {} });
    const world = setUp({ shells: { programs: { "cloud-init": () => ({ stdout }) } } });
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "first-boot-failed", evidence: ["('ssh', boom)"] });
  });

  it("asks cloud-init itself only when its record is not clean", async () => {
    const stage = { errors: [], recoverable_errors: {}, finished: 1.5 };
    const clean = { "init-local": stage, init: stage, "modules-config": stage, "modules-final": stage };
    const partly = { ...stage, recoverable_errors: { WARNING: ["no such user"] } };
    const complaint = { extended_status: "degraded done", errors: [], recoverable_errors: partly.recoverable_errors };
    for (const [v1, code] of [
      [clean, undefined],
      [{ ...clean, init: partly }, "first-boot-failed"],
      [{ ...clean, "modules-final": { ...stage, finished: null } }, "first-boot-failed"],
    ] as const) {
      const world = setUp({
        shells: {
          programs: {
            "creel-first-boot": () => ({ stdout: JSON.stringify({ v1: { ...v1, datasource: "x", stage: null } }) }),
            "cloud-init": () => ({ stdout: JSON.stringify(complaint) }),
          },
        },
      });
      const { record } = await run(world.definition, world.operation);
      expect(record.failure?.code).toBe(code);
    }
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

  it.each(Object.keys(deployOperation(createWorld().services).steps))(
    "leaves nothing when cancelled during %s",
    async (step) => {
      const world = setUp();
      const { record } = await run(world.definition, world.operation, { cancelDuring: step });
      expect(record.state).toBe("cancelled");
      expect(await world.provider.list()).toEqual([]);
      expect(await world.registry.list()).toEqual([]);
    },
  );
});

describe("destroy", () => {
  async function deployed(options: WorldOptions = {}) {
    const world = setUp(options);
    await run(world.definition, world.operation);
    const definition = destroyOperation(world.services);
    return { ...world, definition, operation: ask(definition, { agent: "ada" }, ada) };
  }

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

  it("removes a host that does not answer any more", async () => {
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

  it.each(["find", "stop"])("that is cancelled during %s leaves the agent serving", async (step) => {
    const world = await deployed();
    const { record } = await run(world.definition, world.operation, { cancelDuring: step });
    expect(record.state).toBe("cancelled");
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
    const [host] = await world.provider.list();
    if (!host) throw new Error("There is no host.");
    await using shell = await world.shells.connect(host);
    expect((await world.services.gateway.health(shell, 18_789)).state).not.toBe("stopped");
    const again = deployOperation(world.services);
    expect((await run(again, ask(again, request, ada))).record.failure?.code).toBe("already-exists");
    expect(await world.provider.list()).toHaveLength(1);
  });

  it.each(["remove", "forget"])("that is cancelled during %s, too late, leaves nothing", async (step) => {
    const world = await deployed();
    await run(world.definition, world.operation, { cancelDuring: step });
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
