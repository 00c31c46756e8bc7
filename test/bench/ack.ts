import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { commands } from "../../commands/index.ts";
import type { Actor } from "../../src/core/actor.ts";
import { createRedactor } from "../../src/core/redaction.ts";
import { createDesk } from "../../src/desk/desk.ts";
import { startEmbeddedRedis } from "../../src/jobs/redis-process/embedded-redis.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { people } from "../desk/world.ts";
import { openRedisJobs } from "../jobs/redis/open.ts";
import { createWorld } from "../operations/world.ts";
import { percentile, type Result, round } from "./results.ts";

const AT_ONCE = 100;
const ROUNDS = 20;
const owner: Actor = { channel: "terminal", user: "root", roles: [], name: "root" };

/** From `/deploy` at the desk to the reply that it is written down, and as many bare writes to the same Redis. */
export async function ack(): Promise<Result> {
  const stateDir = await mkdtemp(join(tmpdir(), "creel-ack-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  const onTrouble = (error: unknown) => {
    throw error;
  };
  const redis = await startEmbeddedRedis({ stateDir, onRestart: onTrouble, onFatal: onTrouble });
  stack.defer(() => redis.stop());
  const { services } = createWorld();
  const clocks = { now: Date.now, elapsed: () => performance.now(), redact: createRedactor().redact };
  const jobs = await openRedisJobs({ socketPath: redis.socketPath }, [deployOperation(services)], {
    ...clocks,
    concurrency: 1,
    onError: onTrouble,
  });
  stack.defer(() => jobs.close());
  const { operations, audit, registry, memory, limiter } = jobs;
  const desk = createDesk({
    ownSecrets: [],
    ...{
      commands,
      operations,
      audit,
      services: { ...services, registry },
      memory,
      limiter,
      limits: {},
      ...clocks,
      learn: () => undefined,
    },
    authority: { owners: people({ terminal: [owner.user] }), operators: people({}) },
    makeTicketId: () => "none",
  });
  const plain = new Redis({ path: redis.socketPath });
  stack.defer(() => plain.disconnect());

  async function command(round: number, i: number): Promise<void> {
    const options = { name: `agent-${round}-${i}` };
    const reply = await desk.submit(owner, { command: "deploy", options, confirmation: null });
    if (reply.type !== "operation") throw new Error(`/deploy was answered by ${reply.type}.`);
  }
  const bareWrite = (round: number, i: number) => plain.xadd("bench", "*", "field", `value-${round}-${i}`);

  const rounds: { readonly command: number[]; readonly bareWrite: number[] }[] = [];
  for (let number = 0; number <= ROUNDS; number += 1) {
    const measured = { command: await atOnce(number, command), bareWrite: await atOnce(number, bareWrite) };
    // The first round only warms up.
    if (number > 0) rounds.push(measured);
  }
  const ours = rounds.flatMap((one) => one.command);
  const bare = rounds.flatMap((one) => one.bareWrite);
  return {
    notes: [
      `${ROUNDS} rounds of ${AT_ONCE} different /deploy at once through the desk: audited, queued and on disk (AOF always).`,
      `Baseline: ${AT_ONCE} XADD at once to the same Redis after each round.`,
    ],
    figures: [
      { what: "acknowledged, p50", value: percentile(ours, 0.5), unit: "ms" },
      { what: "acknowledged, p99", value: percentile(ours, 0.99), unit: "ms", target: 50 },
      { what: "bare write, p50", value: percentile(bare, 0.5), unit: "ms" },
      { what: "bare write, p99", value: percentile(bare, 0.99), unit: "ms" },
      { what: "ratio of the p99", value: percentile(ours, 0.99) / percentile(bare, 0.99), unit: "x" },
    ],
    raw: { rounds },
  };
}

/** Milliseconds from the common start until each was answered. */
async function atOnce(number: number, work: (round: number, i: number) => Promise<unknown>): Promise<number[]> {
  const startedMs = performance.now();
  const one = async (i: number) => {
    await work(number, i);
    return round(performance.now() - startedMs);
  };
  return await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => one(i)));
}
