import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/core/agent.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { AgentName } from "../../src/core/names.ts";
import { adoptHosts, strandedHosts } from "../../src/fleet/adopt.ts";
import { diagnose } from "../../src/fleet/doctor.ts";
import { wakeHosts } from "../../src/fleet/wake.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { logs } from "../../src/questions/logs.ts";
import type { Sources } from "../../src/questions/question.ts";
import { statuses } from "../../src/questions/status/status.ts";
import { createMemoryAudit, createMemoryOperations } from "../desk/memory-operations.ts";
import { owner } from "../desk/world.ts";
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
  const operations = { ...createMemoryOperations(tools.now, () => []), get: async () => record };
  const strangers = { has: () => false, flush: async () => undefined };
  const { services } = world;
  const sources: Sources = {
    ...{ actor: owner, place: null, services, operations, audit: createMemoryAudit(), strangers },
    ...tools,
  };
  const questions = {
    status: (agent: AgentName | null) => statuses(sources, agent),
    logs: (agent: AgentName, lines: number) => logs.ask(sources, { agent, lines }),
  };
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
    expect((await questions.status(ada)).agents[0]).toMatchObject({
      ...{ gateway: "unknown", network: "unknown", note: "Nothing answers." },
    });
    provider.powerOff(host.name);
    expect((await questions.status(ada)).agents[0]).toMatchObject({ host: "stopped", gateway: "stopped" });
    provider.lose(host.name);
    const [lost] = (await questions.status(ada)).agents;
    expect(lost).toMatchObject({ host: "gone", note: expect.stringContaining("/destroy agent:ada") });
  });

  it.each([
    ["crashes", "crashed", "stopped by itself (exit status 1)"],
    ["out-of-memory", "crashed", "out of memory"],
    ["disk-full", "crashed", "disk is full"],
    ["config-invalid", "config-invalid", "refuses its configuration"],
    ["holds-channels-back", "ready", "not started telegram"],
  ] as const)("of a gateway that %s names the cause", async (behaviour, gateway, cause) => {
    let how: typeof behaviour | "healthy" = behaviour === "holds-channels-back" ? behaviour : "healthy";
    const { questions } = await deployed({ gateway: { behaviour: () => how } });
    how = behaviour;
    expect((await questions.status(ada)).agents).toMatchObject([{ gateway, note: expect.stringContaining(cause) }]);
  });

  it("of a gateway that was stopped, or has no secrets to start with, names the cause", async () => {
    const { questions, gateway, shells, provider, host } = await deployed();
    await using shell = await shells.connect((await provider.find(host.name)) ?? host);
    await gateway.end(shell);
    expect((await questions.status(ada)).agents).toMatchObject([
      { gateway: "stopped", note: expect.stringContaining("was stopped") },
    ]);
    await gateway.damage(shell, "the secrets in memory");
    expect((await questions.status(ada)).agents).toMatchObject([
      { gateway: "stopped", note: expect.stringContaining("secrets are not in") },
    ]);
  });

  it("of a deploy that failed says what ended it", async () => {
    const { questions } = await deployed({ gateway: { behaviour: () => "crashes" } });
    const [failed] = (await questions.status(ada)).agents;
    expect(failed).toMatchObject({ agent: { state: "failed" }, note: expect.stringContaining("stopped by itself") });
  });

  it("of an agent that reaches nothing says why", async () => {
    const { questions } = await deployed({ gateway: { behaviour: () => "without-network" } });
    expect((await questions.status(ada)).agents[0]).toMatchObject({
      ...{ gateway: "ready", network: "missing", note: "It reaches nothing: 192.0.2.53 does not know example.net." },
    });
  });

  it("of an agent that is kept from the internet asks nothing of it", async () => {
    const { questions } = await deployed({
      provider: { internet: false },
      gateway: { behaviour: () => "without-network" },
    });
    expect((await questions.status(ada)).agents[0]).toMatchObject({ gateway: "ready", network: "off", note: null });
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
    expect(await adoptHosts(services)).toMatchObject({ adopted: [], known: [ada], orphans: [] });
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
    expect((await adoptHosts(services)).orphans).toEqual([{ agent: ada, host }]);
    expect(await registry.get(ada)).toEqual(other);
  });
});

describe("waking", () => {
  it("switches the hosts of serving agents on, and no others", async () => {
    const { services, provider, registry, host } = await deployed();
    expect(await wakeHosts(services)).toEqual([]);
    provider.powerOff(host.name);
    expect(await wakeHosts(services)).toEqual([{ agent: ada, host: host.name, error: null }]);
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
