import { describe, expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { withBudgets } from "../../src/operations/definition.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { lastWords } from "../../src/operations/evidence.ts";
import { ask, run } from "./crash-points.ts";
import { ada, createWorld, type WorldOptions } from "./world.ts";

const request = { name: "ada", provider: null, region: null, size: null };

async function deploy(options: WorldOptions, budgets: Record<string, number> = {}) {
  const world = createWorld(options);
  const definition = withBudgets(deployOperation(world.services), budgets);
  const { record } = await run(definition, ask(definition, request, ada));
  return { ...world, record };
}

/** How the console of a host in memory ends. */
const CONSOLE = [expect.stringMatching(/^ada-\w+ login:$/)];

describe("the last lines that explain a failed deploy", () => {
  it("are the console's when the host never answers", async () => {
    const faults = () => {
      throw new OpsError({ code: "host-unreachable", userMessage: "Nothing answers.", retry: "later" });
    };
    const { record } = await deploy({ shells: { faults } }, { reach: 500 });
    expect(record.failure).toMatchObject({ code: "timed-out", evidence: CONSOLE });
  });

  it("are the console's when the first boot says nothing of how it ended", async () => {
    const firstBoot = () => {
      throw new OpsError({ code: "first-boot-failed", userMessage: "It did not end." });
    };
    const { record } = await deploy({ system: { firstBoot } });
    expect(record.failure).toMatchObject({ code: "first-boot-failed", evidence: CONSOLE });
  });

  it("are none when the console has nothing to do with it", async () => {
    const refuse = (call: string, when: string) => {
      if (call === "checkAccess" && when === "before")
        throw new OpsError({ code: "gateway-rpc-failed", userMessage: "A scope is missing." });
    };
    const { record } = await deploy({ gateway: { faults: refuse } });
    expect(record.failure).toMatchObject({ code: "gateway-rpc-failed", evidence: [] });
  });

  it("are none for a host that was switched off in the middle", async () => {
    let off: () => void = () => undefined;
    const faults = (call: string) => {
      if (call === "start") off();
    };
    const world = createWorld({ gateway: { faults } });
    off = () => {
      for (const name of world.provider.made()) world.provider.powerOff(name);
    };
    const definition = deployOperation(world.services);
    const { record } = await run(definition, ask(definition, request, ada));
    expect(record.failure).toMatchObject({ code: "host-gone", evidence: [] });
  });
});

it("a token that cannot be read is found before there is a host", async () => {
  const token = () => Promise.reject(new OpsError({ code: "secret-unavailable", userMessage: "NOPE is not set." }));
  const { record, provider, registry } = await deploy({ token });
  expect(record.failure).toMatchObject({ code: "secret-unavailable", evidence: [], leftBehind: [] });
  expect(record.steps.filter(({ state }) => state !== "pending").map(({ name }) => name)).toEqual(["validate"]);
  expect(provider.made()).toEqual([]);
  expect(await registry.list()).toEqual([]);
});

describe("while a gateway comes up", () => {
  it("the newest line of its log is shown, and is the evidence when it never is ready", async () => {
    const { record } = await deploy({ gateway: { behaviour: () => "never-ready" } }, { ready: 20_000 });
    expect(record.failure).toMatchObject({ code: "timed-out", evidence: ["gateway starting"] });
    const ready = record.steps.find(({ name }) => name === "ready");
    expect(ready?.detail).toMatch(/^The gateway is not ready: .* › gateway starting$/);
  });

  it("its log is read every three seconds at most, and what cannot be read is no news", async () => {
    let nowMs = 0;
    let reads = 0;
    const telling = lastWords(() => nowMs);
    const read = async () => {
      reads += 1;
      if (reads === 2) throw new Error("no answer");
      return [`line ${reads}`];
    };
    const later = new OpsError({ code: "gateway-not-ready", userMessage: "Not yet.", retry: "later" });
    const seen: unknown[] = [];
    for (nowMs = 0; nowMs < 10_000; nowMs += 1_000) seen.push(((await telling(later, read)) as OpsError).evidence[0]);
    const [none, one, three] = [undefined, "line 1", "line 3"];
    expect(seen).toEqual([none, none, none, one, one, one, one, one, one, three]);
    const final = new OpsError({ code: "gateway-crashed", userMessage: "It ended." });
    expect(await telling(final, read)).toBe(final);
    expect(reads).toBe(3);
  });
});
