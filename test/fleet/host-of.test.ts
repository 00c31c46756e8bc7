import { expect, it } from "vitest";
import { createMemoryProvider, type MemoryProvider } from "../../services/provider/memory.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { hostOf } from "../../src/fleet/host-of.ts";
import { specFor } from "../contract/host-spec.ts";

const ada = parseAgentName("ada");
const never = new AbortController().signal;

function twoProviders() {
  let nowMs = 0;
  const provider = (name: string) => createMemoryProvider({ name, now: () => ++nowMs });
  const [here, there] = [provider("here"), provider("there")];
  const ports = { providers: new Map([here, there].map((one) => [one.name, one])) };
  return { here, there, ports };
}

const hostFor = async (provider: MemoryProvider, agent: string) =>
  await provider.create(await specFor(provider, agent), never);

it("is the one that the registry names, and the newest of any provider when nobody knows", async () => {
  const { here, there, ports } = twoProviders();
  const older = await hostFor(there, "ada");
  const newer = await hostFor(here, "ada");
  await hostFor(there, "bob");
  expect(await hostOf(ports, ada, older.name)).toEqual(older);
  expect(await hostOf(ports, ada, null)).toEqual(newer);
  here.lose(newer.name);
  expect(await hostOf(ports, ada, newer.name)).toEqual(older);
});

it("is not one that is switched off: that says what switches it on", async () => {
  const { here, ports } = twoProviders();
  here.powerOff((await hostFor(here, "ada")).name);
  await expect(hostOf(ports, ada, null)).rejects.toMatchObject({
    code: "wrong-state",
    userMessage: "The host of ada is switched off.",
    hint: "/restart agent:ada switches it on.",
  });
});

it("does not exist for an agent that nobody knows: that says whose there are", async () => {
  const { here, there, ports } = twoProviders();
  const nobody = { code: "not-found", userMessage: "There is no agent called ada." };
  await expect(hostOf(ports, ada, null)).rejects.toMatchObject({
    ...nobody,
    hint: "No provider has a host of an agent.",
  });
  for (const [provider, agent] of [
    [there, "eve"],
    [here, "bob"],
    [here, "eve"],
  ] as const)
    await hostFor(provider, agent);
  await expect(hostOf(ports, ada, null)).rejects.toMatchObject({ ...nobody, hint: "There are hosts of bob, eve." });
});
