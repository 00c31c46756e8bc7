import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/core/agent.ts";
import { OpsError } from "../../src/core/errors.ts";
import { adoptHosts, strandedHosts } from "../../src/fleet/adopt.ts";
import { diagnose } from "../../src/fleet/doctor.ts";
import { fleetQuestions } from "../../src/fleet/questions.ts";
import { wakeHosts } from "../../src/fleet/wake.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { ask, run } from "../operations/crash-points.ts";
import { ada, createWorld, type WorldOptions } from "../operations/world.ts";

async function deployed(options: WorldOptions = {}) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  const { record } = await run(
    definition,
    ask(definition, { name: "ada", provider: null, region: null, size: null }, ada),
  );
  const [host] = await world.provider.list();
  if (!host) throw new Error("There is no host.");
  const tools = { now: () => 60_000, redact: (text: string) => text.replaceAll("gateway", "[redacted]") };
  const questions = fleetQuestions(world.services, { get: async () => record }, tools);
  return { ...world, record, host, questions };
}

describe("status", () => {
  it("is what is true right now", async () => {
    const { questions, record } = await deployed();
    const { agents } = await questions.status(null);
    expect(agents).toMatchObject([
      {
        host: "running",
        gateway: "ready",
        version: "2026.9.6",
        upMs: 60_000,
        restarts: 0,
        lastOperation: { id: record.id },
      },
    ]);
  });

  it("of a host that is off, gone or silent says so and does not fail", async () => {
    let silent = false;
    const faults = () => {
      if (silent) throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
    };
    const { questions, provider, host } = await deployed({ shells: { faults } });
    silent = true;
    expect((await questions.status(ada)).agents[0]).toMatchObject({ gateway: "unknown", note: "Nothing answers." });
    provider.powerOff(host.name);
    expect((await questions.status(ada)).agents[0]).toMatchObject({ host: "stopped", gateway: "stopped" });
    provider.lose(host.name);
    const [lost] = (await questions.status(ada)).agents;
    expect(lost).toMatchObject({ host: "gone", note: expect.stringContaining("/destroy agent:ada") });
  });

  it("of an unknown agent is an error", async () => {
    const { questions, registry } = await deployed();
    await registry.remove(ada);
    await expect(questions.status(ada)).rejects.toMatchObject({ code: "not-found" });
    expect((await questions.status(null)).agents).toEqual([]);
  });
});

describe("logs", () => {
  it("come from the gateway, redacted", async () => {
    const { questions } = await deployed();
    expect((await questions.logs(ada, 10)).lines).toEqual(["[redacted] starting"]);
  });

  it("of an agent without a host explain that", async () => {
    const { questions, provider, host } = await deployed();
    provider.lose(host.name);
    await expect(questions.logs(ada, 10)).rejects.toMatchObject({ code: "host-gone" });
  });
});

describe("adopting", () => {
  it("rebuilds what was lost, once", async () => {
    const { services, registry, host } = await deployed();
    await registry.remove(ada);
    expect(await strandedHosts(services)).toEqual([host]);
    const report = await adoptHosts(services);
    expect(report.adopted).toMatchObject([{ agent: { name: "ada", state: "serving", host: host.name } }]);
    expect(await strandedHosts(services)).toEqual([]);
    expect(await adoptHosts(services)).toMatchObject({ adopted: [], known: [{ name: host.name }], orphans: [] });
  });

  it("takes a host that cannot be asked for an agent that must not be replaced", async () => {
    const { services, registry, provider, host } = await deployed();
    await registry.remove(ada);
    provider.powerOff(host.name);
    expect((await adoptHosts(services)).adopted).toMatchObject([{ agent: { state: "serving" } }]);
  });

  it("never touches an agent that has another host", async () => {
    const { services, registry, host } = await deployed();
    const other = { ...((await registry.get(ada)) as Agent), host: null };
    await registry.put(other);
    expect((await adoptHosts(services)).orphans).toEqual([host]);
    expect(await registry.get(ada)).toEqual(other);
  });
});

describe("waking", () => {
  it("switches the hosts of serving agents on, and no others", async () => {
    const { services, provider, registry, host } = await deployed();
    expect(await wakeHosts(services)).toEqual([]);
    provider.powerOff(host.name);
    expect(await wakeHosts(services)).toEqual([{ host: host.name, error: null }]);
    expect((await provider.find(host.name))?.state).toBe("running");
    provider.powerOff(host.name);
    await registry.put({ ...((await registry.get(ada)) as Agent), state: "failed" });
    expect(await wakeHosts(services)).toEqual([]);
  });
});

describe("doctor", () => {
  it("turns what goes wrong into findings with the fix, in order", async () => {
    const refused = new OpsError({ code: "tool-missing", userMessage: "There is no frob.", hint: "Install frob." });
    const findings = await diagnose([
      { subject: "a", look: async () => "Fine." },
      { subject: "b", look: () => Promise.reject(refused) },
      { subject: "c", look: async () => [{ subject: "c", verdict: "warning", seen: "Hm.", fix: "Look." }] },
    ]);
    expect(findings).toEqual([
      { subject: "a", verdict: "ok", seen: "Fine.", fix: null },
      { subject: "b", verdict: "problem", seen: "There is no frob.", fix: "Install frob." },
      { subject: "c", verdict: "warning", seen: "Hm.", fix: "Look." },
    ]);
  });
});
