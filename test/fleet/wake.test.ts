import { expect, it } from "vitest";
import { lookAt } from "../../src/channels/render/actions.ts";
import type { AgentStatus } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { wakeHosts } from "../../src/fleet/wake.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { statuses } from "../../src/questions/status/status.ts";
import { createMemoryOperations } from "../desk/memory-operations.ts";
import { ask, run } from "../operations/crash-points.ts";
import { ada, createWorld } from "../operations/world.ts";

/** An agent whose host runs; from then on its provider's `start` fails as told. */
async function servedButStartFails(code: "provider-failed" | "host-gone") {
  let deployed = false;
  const world = createWorld({
    provider: {
      faults: (call) => {
        if (deployed && call === "start") throw new OpsError({ code, userMessage: "It did not work." });
      },
    },
  });
  const definition = deployOperation(world.services);
  await run(definition, ask(definition, { name: "ada", provider: null, region: null, size: null }, ada));
  deployed = true;
  return { ...world, agent: await world.registry.get(ada) };
}

it("lets the provider repair what is around a host that runs, and says when that failed", async () => {
  const { services, agent } = await servedButStartFails("provider-failed");
  expect(await wakeHosts(services)).toMatchObject([{ host: agent?.host, error: { code: "provider-failed" } }]);
});

it("says of a host that it is being started, from before it is until its gateway is ready", async () => {
  const seen: (AgentStatus | undefined)[] = [];
  let looking = false;
  const operations = createMemoryOperations(
    () => 0,
    () => [],
  );
  const look = async () => {
    if (looking) return;
    looking = true;
    const sources = { services: world.services, operations, now: () => 0 };
    seen.push((await statuses(sources, null)).agents[0]);
    looking = false;
  };
  const world = createWorld({
    provider: { faults: (call, when) => (call === "start" ? (when === "before" ? look() : undefined) : undefined) },
    gateway: { faults: (call, when) => (woken && call === "checkReady" && when === "before" ? look() : undefined) },
  });
  let woken = false;
  const definition = deployOperation(world.services);
  await run(definition, ask(definition, { name: "ada", provider: null, region: null, size: null }, ada));
  const agent = await world.registry.get(ada);
  if (agent?.host == null) throw new Error("There is no host.");
  await using shell = await world.shells.connect((await world.provider.list())[0] as Host);
  await world.gateway.stop(shell, new AbortController().signal);
  await world.gateway.start(shell, new AbortController().signal);
  world.provider.powerOff(agent.host);
  woken = true;
  const begun: string[] = [];
  const onBegin = async (name: string) => void begun.push(name);
  expect(await wakeHosts(world.services, { onBegin, pauseMs: 1 })).toEqual([
    { agent: ada, host: agent.host, error: null },
  ]);
  expect(begun).toEqual(["ada"]);
  expect(seen.length).toBeGreaterThan(1);
  for (const status of seen) {
    expect(status).toMatchObject({ host: "starting" });
    const { title, actions } = showStatus(status === undefined ? [] : [status], lookAt(0));
    expect(title).toBe("ada is being started.");
    expect(JSON.stringify(actions)).not.toContain("destroy");
  }
  await look();
  expect(seen.at(-1)).toMatchObject({ host: "running", gateway: "ready" });
});

it("says why a host that was off could not be started, and that nobody starts it any more", async () => {
  const { services, provider, agent } = await servedButStartFails("provider-failed");
  if (agent?.host == null) throw new Error("There is no host.");
  provider.powerOff(agent.host);
  const woken = await wakeHosts(services);
  expect(woken).toMatchObject([{ agent: "ada", error: { userMessage: "It did not work." } }]);
  expect(await services.wakings.isWaking(agent.host)).toBe(false);
});

it("is not troubled by a host that is destroyed meanwhile", async () => {
  const { services } = await servedButStartFails("host-gone");
  expect(await wakeHosts(services)).toEqual([]);
});
