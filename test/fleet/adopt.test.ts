import { describe, expect, it } from "vitest";
import { renderAdoption } from "../../src/channels/render/fleet.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName, parseHostName } from "../../src/core/names.ts";
import { adoptHosts, strandedHosts } from "../../src/fleet/adopt.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { deploySteps } from "../../src/operations/deploy/steps.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { specFor } from "../contract/host-spec.ts";
import { ask, type CrashPoint, crashPointsOf, run } from "../operations/crash-points.ts";
import { ada, createWorld, type WorldOptions } from "../operations/world.ts";

const request = { name: "ada", provider: null, region: null, size: null };

/** A deploy in whose middle, or after which, everything that Creel remembers is lost. */
async function forgotten(options: WorldOptions = {}, crash?: CrashPoint) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  const { record } = await run(definition, ask(definition, request, ada), crash ? { crash } : {});
  await world.registry.remove(ada);
  return { ...world, definition, record };
}

describe("adopting what a killed deploy left", () => {
  const points = crashPointsOf({ steps: deploySteps }).filter(
    ({ step }) => !["validate", "reserve", "answers", "connected"].includes(step),
  );

  it.each(points)("after a death at $step, $moment, says what it is and lets others go on", async (crash) => {
    const world = await forgotten({}, crash);
    const { adopted } = await adoptHosts(world.services, 1);
    const hosts = await world.provider.list();
    expect(adopted).toHaveLength(hosts.length);
    const proven = crash.step === "record" && crash.moment !== "before the effect";
    for (const { agent, because } of adopted) {
      expect(agent.state, because).toBe(proven ? "serving" : "failed");
      expect(because).not.toMatch(/could not be asked|cannot be reached/);
    }
    if (proven) return;
    const again = await run(world.definition, ask(world.definition, request, ada));
    expect(again.record.failure).toBeNull();
    expect(await world.provider.list()).toHaveLength(1);
    expect(await world.registry.get(ada)).toMatchObject({ state: "serving", lastOperation: again.record.id });
  });

  it.each(["before", "after"] as const)("reaches the host at whatever moment its key changes: %s", async (moment) => {
    const broken = new OpsError({ code: "provider-failed", userMessage: "The label cannot be written." });
    for (const failing of [1, 2]) {
      let calls = 0;
      const faults = (call: string, when: string) => {
        if (call !== "setLabels" || when !== moment) return;
        calls += 1;
        if (calls === failing) throw broken;
      };
      const world = await forgotten({ provider: { faults } });
      expect(world.record.failure?.code).toBe("provider-failed");
      const { adopted } = await adoptHosts(world.services, 1);
      expect(adopted).toMatchObject([
        { agent: { state: "failed" }, because: expect.stringContaining("its gateway is") },
      ]);
      const destroy = destroyOperation(world.services);
      const { record } = await run(destroy, ask(destroy, { agent: "ada" }, ada));
      expect(record.steps.find(({ name }) => name === "stop")?.output).toEqual({ stopped: true });
      expect(await world.provider.list()).toEqual([]);
    }
  });
});

describe("adopting a host", () => {
  it("whose deploy was proven keeps it serving, however its gateway is now", async () => {
    const { services, provider, gateway } = await forgotten();
    const [host] = await provider.list();
    if (!host) throw new Error("There is no host.");
    await using shell = await services.shells.connect(host);
    await gateway.stop(shell, new AbortController().signal);
    expect((await adoptHosts(services)).adopted).toMatchObject([
      { agent: { state: "serving" }, because: "its gateway is stopped" },
    ]);
  });

  it("that shows another host key calls it failed, and says why", async () => {
    const { services, provider } = await forgotten();
    const [host] = await provider.list();
    if (!host) throw new Error("There is no host.");
    await provider.setLabels(host.name, { hostKeyFingerprint: "x".repeat(52) });
    expect((await adoptHosts(services)).adopted).toMatchObject([
      { agent: { state: "failed" }, because: expect.stringMatching(/^it cannot be reached: .*another SSH host key/) },
    ]);
  });

  it("that does not answer in time takes it for an agent that must not be replaced", async () => {
    let silent = false;
    const faults = () => {
      if (silent) throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
    };
    const { services } = await forgotten({ shells: { faults } });
    silent = true;
    expect((await adoptHosts(services, 20)).adopted).toMatchObject([
      { agent: { state: "serving" }, because: "it could not be asked: Nothing answers." },
    ]);
  });

  it("asks again when it does not answer at once", async () => {
    let refusals = 0;
    const faults = (call: string) => {
      if (call !== "connect" || refusals === 0) return;
      refusals -= 1;
      throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
    };
    const { services } = await forgotten({ shells: { faults } });
    refusals = 1;
    expect((await adoptHosts(services)).adopted).toMatchObject([{ because: "its gateway is ready" }]);
  });

  it("takes the newest of several, and shows the others", async () => {
    const { services, provider } = await forgotten();
    const [host] = await provider.list();
    if (!host) throw new Error("There is no host.");
    const older = { ...host, name: parseHostName("ada-000000"), createdAtMs: host.createdAtMs - 1 };
    const both = { ...provider, list: async () => [older, host] };
    const report = await adoptHosts({ ...services, providers: new Map([[provider.name, both]]) });
    expect(report.adopted.map(({ agent }) => agent.host)).toEqual([host.name]);
    expect(report.orphans).toEqual([{ agent: ada, host: older }]);
  });
});

it("leaves a host that waits for an agent alone, and takes every agent of one that several share", async () => {
  const { services, provider } = await forgotten();
  const [host] = await provider.list();
  if (!host) throw new Error("There is no host.");
  const bob = parseAgentName("bob");
  await provider.setLabels(host.name, { agents: [ada, bob] });
  const pool = await specFor(provider, "pool", { agents: [], system: "memory" });
  await provider.create(pool, new AbortController().signal);
  expect((await strandedHosts(services)).map(({ name }) => name)).toEqual([host.name]);
  const report = await adoptHosts(services, 1);
  expect(report.adopted.map(({ agent }) => [agent.name, agent.host])).toEqual([
    [ada, host.name],
    [bob, host.name],
  ]);
  expect(report.waiting.map(({ name }) => name)).toEqual([pool.name]);
  expect(JSON.stringify(renderAdoption(report))).toContain(`${pool.name} at memory`);
  expect(await strandedHosts(services)).toEqual([]);
  expect(await adoptHosts(services, 1)).toMatchObject({ adopted: [], known: [ada, bob], orphans: [] });
});

it("writes a broken record again from its host, and leaves that of a newer Creel and its host alone", async () => {
  const world = await forgotten();
  world.registry.spoil("ada", "newer");
  expect(await strandedHosts(world.services)).toEqual([]);
  expect(await adoptHosts(world.services, 1)).toMatchObject({ adopted: [], known: ["ada"], orphans: [] });
  expect(await world.registry.unreadable()).toMatchObject([{ why: "newer" }]);
  world.registry.spoil("ada", "broken");
  expect(await strandedHosts(world.services)).toEqual([]);
  expect((await adoptHosts(world.services, 1)).adopted).toMatchObject([{ agent: { name: "ada", state: "serving" } }]);
  expect(await world.registry.get(ada)).toMatchObject({ state: "serving" });
});
