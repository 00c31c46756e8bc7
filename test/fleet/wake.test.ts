import { expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { wakeHosts } from "../../src/fleet/wake.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
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

it("is not troubled by a host that is destroyed meanwhile", async () => {
  const { services } = await servedButStartFails("host-gone");
  expect(await wakeHosts(services)).toEqual([]);
});
