import { expect, test } from "vitest";
import { createMemoryProvider } from "../../services/provider/memory.ts";
import { lanesOf, whoServes } from "../../src/core/lane.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { type DeployPorts, deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { imageBuildOperation } from "../../src/operations/image-build.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { agentCalled } from "../desk/world.ts";
import { ada, createWorld } from "./world.ts";

const OPERATIONS = { deploy: deployOperation, destroy: destroyOperation, restart: restartOperation };

async function laneOf(
  make: (ports: DeployPorts) => OperationDefinition,
  params: Parameters<OperationDefinition["lane"]>[0],
  { at = null, chosen = null }: { readonly at?: string | null; readonly chosen?: string | null } = {},
) {
  const { services, registry } = createWorld();
  const providers = new Map(["local@mine", "cloud"].map((name) => [name, createMemoryProvider({ name })]));
  if (at !== null) await registry.put(agentCalled("ada", { provider: at }));
  const validated = chosen === null ? null : { memoryMb: 2048, provider: chosen };
  return await make({ ...services, providers }).lane(params, (step) => (step === "validate" ? validated : null));
}

const deploy = (provider: string | null) => ({ name: ada, provider, region: null, size: null });

test.each([
  // Asked for without saying where: any machine's worker may.
  [null, "local"],
  ["local", "local"],
  ["local@mine", "local@mine"],
  ["local@other", "local@other"],
  ["cloud", "cloud"],
  // There is none: whoever takes it says so.
  ["clowd", "local"],
  ["a:b", "local"],
])("a deploy at %s waits on %s", async (provider, lane) => {
  expect(await laneOf(deployOperation, deploy(provider))).toBe(lane);
});

test("a deploy that has chosen its provider, or replaces what is left of an earlier one, waits there", async () => {
  expect(await laneOf(deployOperation, deploy(null), { chosen: "local@other" })).toBe("local@other");
  expect(await laneOf(deployOperation, deploy(null), { at: "local@other" })).toBe("local@other");
});

test.each(["destroy", "restart"] as const)("%s waits where the agent is", async (kind) => {
  for (const at of ["local@mine", "local@other", "cloud", "gone"]) {
    expect(await laneOf(OPERATIONS[kind], { agent: ada }, { at })).toBe(at);
  }
  expect(await laneOf(OPERATIONS[kind], { agent: ada })).toBe("local");
});

test("an image is built beside hosts", async () => {
  const build = (provider: string | null) => laneOf(imageBuildOperation, { provider, force: false });
  expect([await build(null), await build("cloud")]).toEqual(["local/images", "cloud/images"]);
});

test("a worker serves what its providers are called, and what any machine may do", () => {
  expect(lanesOf("cloud")).toEqual(["cloud", "cloud/images"]);
  expect(lanesOf("local@mine")).toEqual(["local@mine", "local@mine/images", "local", "local/images"]);
  expect(["local@mine/images", "cloud"].map(whoServes)).toEqual([
    "a worker at local@mine; none runs there now",
    "a worker with the provider cloud; none runs now",
  ]);
});
