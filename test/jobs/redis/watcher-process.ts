import { lanesOf } from "../../../src/core/lane.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { lookRegularly } from "../../../src/fleet/care.ts";
import { watchProvider, watchStore } from "../../../src/fleet/lookout.ts";
import { createLeases } from "../../../src/jobs/store/leases.ts";
import { deployOperation } from "../../../src/operations/deploy/deploy.ts";
import { ask, run } from "../../operations/crash-points.ts";
import { createWorld } from "../../operations/world.ts";
import { openRedisJobs } from "./open.ts";

// A machine with hosts of its own, on which one agent serves: watcher-process.ts <socket> <machine> <agent>. A line on standard input loses
// the agent's host.
const [socketPath, machine, name] = process.argv.slice(2);
if (!socketPath || !machine || !name) throw new Error("needs a socket, a machine and an agent");
const agent = parseAgentName(name);
const onError = (error: unknown) => console.error(error);
const jobs = await openRedisJobs({ socketPath }, [], { lanes: lanesOf(`local@${machine}`), onError });
const world = createWorld({ provider: { name: `local@${machine}`, now: Date.now }, elsewhere: jobs.elsewhere });
const services = { ...world.services, registry: jobs.registry };
jobs.startWorkers();
if ((await jobs.registry.get(agent)) === null) {
  const definition = deployOperation(services);
  await run(definition, ask(definition, { name: agent, provider: null, region: null, size: null }, agent));
}
const stop = new AbortController();
// As Creel's own, and faster.
const leases = createLeases(jobs.redis, onError, { beatMs: 500, lostMs: 3_000, deadMs: 6_000 });
const { concerns, sights, operations } = jobs;
const parts = { services, concerns, sights, operations, now: Date.now };
const often = { everyMs: 200, onError };
const watchers = [
  leases.keep(
    `watch:local@${machine}`,
    (held) => lookRegularly(watchProvider(parts, world.provider, held), held.signal, often),
    stop.signal,
  ),
  leases.keep(
    "watch:",
    (held) => lookRegularly(watchStore(parts, held), held.signal, { ...often, everyMs: 1_500 }),
    stop.signal,
  ),
];
process.stdin.on("data", async () => {
  for (const host of await world.provider.list()) world.provider.lose(host.name);
});
process.on("SIGTERM", async () => {
  stop.abort();
  await Promise.all(watchers);
  await jobs.close();
  process.exit();
});
console.log("ready");
