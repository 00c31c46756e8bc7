import { describe, expect, it } from "vitest";
import { NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { host as hostSchema } from "../../src/operations/schemas.ts";
import { specFor } from "../contract/host-spec.ts";
import { ask, run } from "./crash-points.ts";
import { ada, createWorld } from "./world.ts";

const bob = parseAgentName("bob");
const never = new AbortController().signal;

/** An agent in the registry whose host says that it is for `agents`. */
async function withHostFor(agents: readonly (typeof ada)[], state: "serving" | "failed" = "serving") {
  const world = createWorld();
  const host = await world.provider.create(await specFor(world.provider, "ada", { agents, system: "memory" }), never);
  await world.registry.put({
    ...{ name: ada, state, provider: world.provider.name, host: host.name },
    ...{ createdAtMs: 1, lastOperation: makeOperationId(1, Math.random), settings: NOTHING_KEPT },
  });
  return { ...world, host };
}

describe.each([
  ["shares it with another", [ada, bob], [bob]],
  ["had it before it went back to wait for one", [], []],
  ["had it before it was given to another", [bob], [bob]],
])("an agent that %s", (_, agents, left) => {
  it("leaves the host behind when it is destroyed", async () => {
    const world = await withHostFor(agents);
    const definition = destroyOperation(world.services);
    const { record } = await run(definition, ask(definition, { agent: ada }, ada));
    expect(record.state, JSON.stringify(record.failure)).toBe("succeeded");
    expect(await world.registry.get(ada)).toBeNull();
    expect(await world.provider.list()).toEqual([{ ...world.host, agents: left }]);
  });

  it("leaves the host behind when it is deployed again", async () => {
    const world = await withHostFor(agents, "failed");
    const definition = deployOperation(world.services);
    const request = { name: ada, provider: null, region: null, size: null };
    const { record } = await run(definition, ask(definition, request, ada));
    expect(record.state, JSON.stringify(record.failure)).toBe("succeeded");
    const hosts = await world.provider.list();
    expect(hosts).toContainEqual({ ...world.host, agents: left });
    expect(hosts.map((host) => host.agents)).toContainEqual([ada]);
  });
});

it("a host in a journal of an older Creel has one agent", async () => {
  const { host } = await withHostFor([ada]);
  const { agents, ...older } = host;
  expect(hostSchema.parse({ ...older, agent: "ada" })).toEqual(host);
  expect(hostSchema.parse(host)).toEqual(host);
  expect(() => hostSchema.parse(older)).toThrow();
  expect(agents).toEqual([ada]);
});
