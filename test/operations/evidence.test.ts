import { describe, expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { withBudgets } from "../../src/operations/definition.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
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

  it("are the console's when the first boot says nothing about its end, or hangs", async () => {
    const none = JSON.stringify({ extended_status: "error", errors: [], recoverable_errors: {} });
    const mute = { programs: { "cloud-init": () => ({ stdout: none }) } };
    expect((await deploy({ shells: mute })).record.failure).toMatchObject({ evidence: CONSOLE });
    const hang = () => {
      throw new OpsError({ code: "timed-out", userMessage: "It did not end." });
    };
    const { record } = await deploy({ shells: { programs: { "creel-first-boot": hang } } });
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
