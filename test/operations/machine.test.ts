import { expect, it } from "vitest";
import { parseHostName } from "../../src/core/names.ts";
import { agentNamed, findMachine, machineOf, machineWith } from "../../src/operations/machine.ts";
import { specFor } from "../contract/host-spec.ts";
import { agentCalled } from "../desk/world.ts";
import { ada, createWorld } from "./world.ts";

const never = new AbortController().signal;

async function withHost() {
  const world = createWorld();
  const host = await world.provider.create(await specFor(world.provider, "ada", { system: "memory" }), never);
  const agent = agentCalled("ada", { provider: world.provider.name, host: host.name });
  return { ...world, host, agent };
}

it("an agent's machine is its host, with all that speaks with it", async () => {
  const { services, provider, gateway, host, agent } = await withHost();
  const machine = await machineOf(services, agent);
  expect(machine).toMatchObject({ host, provider: { name: provider.name }, system: { name: "memory" } });
  expect(machine.gateway).toBe(gateway);
  await using shell = await machine.connect();
  expect((await machine.gateway.health(shell, host.gatewayPort)).state).toBe("absent");
});

it.each([
  ["had no host yet", null, "ada has no host."],
  ["lost its host", parseHostName("ada-gone00"), "The host of ada does not exist any more."],
])("one that %s has none, and what needs one says so in one way", async (_what, host, userMessage) => {
  const { services, agent } = await withHost();
  expect(await findMachine(services, { ...agent, host })).toBeNull();
  const hint = expect.stringMatching(/\/destroy agent:ada .* \/history agent:ada/);
  await expect(machineOf(services, { ...agent, host })).rejects.toMatchObject({ code: "host-gone", userMessage, hint });
});

it("a host that a newer Creel made, or another machine has, is not spoken with", async () => {
  const { services, host, agent } = await withHost();
  const newer = () => machineWith(services, { ...host, system: "newer-os" });
  expect(newer).toThrow(
    expect.objectContaining({
      code: "unknown-version",
      retry: "never",
      userMessage: expect.stringContaining("newer-os"),
    }),
  );
  await expect(machineOf(services, { ...agent, provider: "local@elsewhere" })).rejects.toMatchObject({
    code: "provider-failed",
  });
});

it("an agent is found by its name, or is said not to exist", async () => {
  const { registry, agent } = await withHost();
  await expect(agentNamed(registry, ada)).rejects.toMatchObject({ code: "not-found" });
  await registry.put(agent);
  expect(await agentNamed(registry, ada)).toEqual(agent);
});
