import { join } from "node:path";
import { Redis } from "ioredis";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { parseOperationId } from "../../src/core/names.ts";
import { isEnded, type Operation, type StepRecord } from "../../src/core/operation.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel } from "../e2e/creel.ts";
import { until } from "../e2e/observe.ts";
import { deployByHand } from "./by-hand.ts";
import { goldenImage } from "./golden-image.ts";
import { median, type Result, round } from "./results.ts";

const PAIRS = 3;

interface Deploy {
  readonly seconds: number;
  /** When each step began and ended, in seconds after /deploy was asked for. */
  readonly steps: Readonly<Record<string, { readonly from: number; readonly to: number; readonly attempts: number }>>;
  readonly redisCommands: Readonly<Record<string, number>>;
}

/** `/deploy` in a real `creel start`, on nspawn, against the same done by hand, in turns. */
export async function deploy(): Promise<Result> {
  if (!canRunHosts()) throw new Error("Hosts under systemd-nspawn need root.");
  const image = await goldenImage();
  // Brings the image into the page cache, so that the first pair is like the others.
  await deployByHand(image);
  const pairs: { readonly creel: Deploy; readonly byHandSeconds: number; readonly ratio: number }[] = [];
  for (let number = 1; number <= PAIRS; number += 1) {
    const creel = await deployWithCreel();
    const byHandSeconds = await deployByHand(image);
    pairs.push({ creel, byHandSeconds, ratio: round(creel.seconds / byHandSeconds) });
    console.log(`  pair ${number}: /deploy ${creel.seconds} s, by hand ${byHandSeconds} s`);
  }
  const all = pairs.map(({ creel }) => creel);
  const steps = Object.keys(all[0]?.steps ?? {}).map((name) => {
    const took = all.map((one) => (one.steps[name]?.to ?? Number.NaN) - (one.steps[name]?.from ?? Number.NaN));
    return { what: `step ${name}`, value: median(took), unit: "s" } as const;
  });
  return {
    notes: [
      `Medians of ${PAIRS} pairs, in turns. /deploy counts from the command's acknowledgement to the end of the operation, with every check.`,
      "By hand: the same image, host files and units, until /readyz says so, and nothing after it (test/bench/by-hand.sh).",
      "Steps overlap: from install to access, and from boot to activateKey, run side by side.",
    ],
    figures: [
      { what: "/deploy, ratio to by hand", value: median(pairs.map(({ ratio }) => ratio)), unit: "x", target: 1.05 },
      { what: "/deploy", value: median(all.map(({ seconds }) => seconds)), unit: "s" },
      { what: "/deploy until ready", value: median(all.map((one) => one.steps.ready?.to ?? Number.NaN)), unit: "s" },
      { what: "by hand", value: median(pairs.map(({ byHandSeconds }) => byHandSeconds)), unit: "s" },
      ...steps,
      {
        what: "Redis commands of a /deploy",
        value: median(all.map((one) => total(one.redisCommands))),
        unit: "commands",
      },
    ],
    raw: { image: image.fingerprint, openclaw: image.openclawVersion, pairs },
  };
}

async function deployWithCreel(): Promise<Deploy> {
  await using creel = installCreel('  subnet: "10.94"\n');
  // Brings the golden image into the state folder, which is done once for all hosts, and which who works by hand does not do either.
  const { images } = createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR });
  await images.build(() => undefined, new AbortController().signal);
  const running = creel.start("start");
  running.type("/status");
  await running.printed(/no agents yet/);
  const redis = new Redis({ path: socketOf(creel) });
  try {
    const before = await calls(redis);
    running.type("/deploy name:bench");
    const [, id] = await running.printed(/operation ([0-9a-z]{16})/);
    await running.printed(/Deployed bench in/);
    const after = await calls(redis);
    // Before Creel stops its Redis.
    redis.disconnect();
    const operation = await until({ socketPath: socketOf(creel) }, parseOperationId(id ?? ""), isEnded);
    running.type("/destroy agent:bench confirm:bench");
    const { exitCode, output } = await running.end();
    if (exitCode !== 0) throw new Error(`Creel ended with ${exitCode}:\n${output}`);
    return { ...timesOf(operation), redisCommands: difference(before, after) };
  } finally {
    redis.disconnect();
  }
}

function timesOf({ requestedAtMs, endedAtMs, steps }: Operation): Pick<Deploy, "seconds" | "steps"> {
  const after = (ms: number | null) => ((ms ?? Number.NaN) - requestedAtMs) / 1000;
  const times = ({ startedAtMs, endedAtMs, attempts }: StepRecord) => ({
    ...{ from: after(startedAtMs), to: after(endedAtMs), attempts },
  });
  return {
    seconds: after(endedAtMs),
    steps: Object.fromEntries(steps.map((step) => [step.name, times(step)])),
  };
}

function socketOf({ stateDir }: Installation): string {
  return join(stateDir, "redis", "redis.sock");
}

/** Calls by command; those inside scripts and of the queue count as well. */
async function calls(redis: Redis): Promise<Map<string, number>> {
  const text = await redis.info("commandstats");
  return new Map(
    [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name = "", count]) => [name, Number(count)]),
  );
}

function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const counts = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
