import { describe, expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import type { Operation } from "../../src/core/operation.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { ask, crashPointsOf, run } from "./crash-points.ts";
import { ada, createWorld, type WorldOptions } from "./world.ts";

/** An agent that serves, and a restart of it that nobody has begun. */
async function serving(options: WorldOptions = {}) {
  const world = createWorld(options);
  const deploy = deployOperation(world.services);
  await run(deploy, ask(deploy, { name: "ada", provider: null, region: null, size: null }, ada));
  const [host] = await world.provider.list();
  if (!host) throw new Error("There is no host.");
  const definition = restartOperation(world.services);
  const shell = await world.shells.connect(host);
  const health = async () => {
    await using fresh = await world.shells.connect((await world.provider.find(host.name)) ?? host);
    return await world.gateway.health(fresh, 18_789);
  };
  return { ...world, definition, host, shell, health, operation: ask(definition, { agent: "ada" }, ada) };
}

async function expectServing(world: Awaited<ReturnType<typeof serving>>, record: Operation) {
  expect(record.failure).toBeNull();
  expect(record.state).toBe("succeeded");
  expect(await world.health()).toMatchObject({ state: "ready", note: null });
  expect(await world.registry.get(ada)).toMatchObject({
    state: "serving",
    host: world.host.name,
    lastOperation: record.id,
  });
  expect(world.provider.made()).toHaveLength(1);
}

describe("restart", () => {
  it.each(crashPointsOf(restartOperation(createWorld().services)))(
    "survives a worker's death at $step, $moment",
    async (crash) => {
      const world = await serving();
      await world.gateway.damage(world.shell, "Podman's storage");
      const first = await run(world.definition, world.operation, { crash });
      expect(first.died).toBe(true);
      await expectServing(world, (await run(world.definition, first.record)).record);
    },
  );

  it("stops what runs, in its own time, before it starts anything", async () => {
    const calls: string[] = [];
    const world = await serving({
      gateway: { faults: (call, when) => void (when === "after" && calls.push(call)) },
    });
    calls.length = 0;
    await expectServing(world, (await run(world.definition, world.operation)).record);
    const told = calls.filter((call) => call !== "checkReady" && call !== "health");
    expect(told).toEqual(["stop", "repair", "start", "checkAccess", "lookOutside", "resumeChannels"]);
  });

  it.each([["its unit files"], ["its configuration"], ["Podman's storage"], ["the secrets in memory"]] as const)(
    "repairs %s, and says so",
    async (damage) => {
      const world = await serving();
      await world.gateway.damage(world.shell, damage);
      await world.gateway.end(world.shell);
      const { record } = await run(world.definition, world.operation);
      await expectServing(world, record);
      expect(record.result).toMatchObject({ repaired: [damage], started: [] });
    },
  );

  it("starts the channels that the gateway has held back", async () => {
    const world = await serving({ gateway: { behaviour: () => "holds-channels-back" } });
    expect((await world.health()).note).toContain("not started telegram");
    const { record } = await run(world.definition, world.operation);
    await expectServing(world, record);
    expect(record.result).toMatchObject({ started: ["telegram"] });
  });

  it("switches a host on that is off", async () => {
    const world = await serving();
    world.provider.powerOff(world.host.name);
    await expectServing(world, (await run(world.definition, world.operation)).record);
    expect((await world.provider.find(world.host.name))?.state).toBe("running");
  });

  it.each([
    ["crashes", "gateway-crashed"],
    ["out-of-memory", "capacity"],
    ["disk-full", "capacity"],
    ["config-invalid", "gateway-config-invalid"],
    ["lacks-pairing-scope", "gateway-rpc-failed"],
  ] as const)("that finds a gateway that %s says why, and offers to try again", async (behaviour, code) => {
    let how: typeof behaviour | "healthy" = "healthy";
    const world = await serving({ gateway: { behaviour: () => how } });
    how = behaviour;
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({
      code,
      nextCommands: ["/restart agent:ada", "/logs agent:ada", "/status agent:ada"],
    });
    expect(record.failure?.leftBehind.join(" ")).toContain(world.host.name);
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
    how = "healthy";
    const again = await run(world.definition, ask(world.definition, { agent: "ada" }, ada));
    await expectServing(world, again.record);
  });

  it("fails when the gateway can be reached from outside", async () => {
    const world = await serving();
    const definition = restartOperation({ ...world.services, probeExposed: async () => true });
    const { record } = await run(definition, ask(definition, { agent: "ada" }, ada));
    expect(record.failure?.code).toBe("gateway-exposed");
  });

  it("switches a host off and on, once, that runs and does not answer", async () => {
    const reboots: string[] = [];
    let isDeaf = false;
    const world = await serving({
      shells: {
        faults() {
          if (isDeaf) throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
        },
      },
      provider: {
        faults(call, when) {
          if (call !== "reboot" || when === "before") return;
          reboots.push(call);
          isDeaf = false;
        },
      },
    });
    isDeaf = true;
    const { record } = await run(world.definition, world.operation);
    await expectServing(world, record);
    expect(record.result).toMatchObject({ repaired: ["its host, which did not answer"] });
    expect(reboots).toEqual(["reboot"]);
  });

  it("of a host that does not answer shows the end of its console", async () => {
    let silent = false;
    const faults = () => {
      if (silent) throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
    };
    const reboots: string[] = [];
    const world = await serving({
      shells: { faults },
      provider: { faults: (call, when) => void (call === "reboot" && when === "after" && reboots.push(call)) },
    });
    silent = true;
    const { record } = await run(world.definition, world.operation);
    expect(reboots).toEqual(["reboot"]);
    expect(record.failure).toMatchObject({ code: "timed-out", evidence: [expect.stringMatching(/login:$/)] });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
  });

  it("of a host that is gone says so, and forgets nothing", async () => {
    const world = await serving();
    world.provider.lose(world.host.name);
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "host-gone", hint: expect.stringContaining("/destroy agent:ada") });
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
  });

  it("of an agent whose deploy failed is not one", async () => {
    let how: "crashes" | "healthy" = "crashes";
    const world = await serving({ gateway: { behaviour: () => how } });
    how = "healthy";
    const { record } = await run(world.definition, world.operation);
    expect(record.failure).toMatchObject({ code: "wrong-state", nextCommands: ["/deploy name:ada"], leftBehind: [] });
    expect(await world.registry.get(ada)).toMatchObject({ state: "failed" });
  });

  it("of nobody says that there is no such agent", async () => {
    const world = createWorld();
    const definition = restartOperation(world.services);
    const { record } = await run(definition, ask(definition, { agent: "ada" }, ada));
    expect(record.failure?.code).toBe("not-found");
  });

  it.each(Object.keys(restartOperation(createWorld().services).steps))(
    "that is cancelled during %s leaves the agent serving, with its gateway started",
    async (step) => {
      const world = await serving();
      const { record } = await run(world.definition, world.operation, { cancelDuring: step });
      expect(record.state).toBe("cancelled");
      expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
      expect(["ready", "starting"]).toContain((await world.health()).state);
    },
  );
});
