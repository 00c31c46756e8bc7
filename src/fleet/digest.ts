import { setTimeout as delay } from "node:timers/promises";
import { hostLane } from "../core/lane.ts";
import type { Held } from "../core/lease.ts";
import type { Unreadable } from "../core/unreadable.ts";
import type { LookoutParts } from "./lookout.ts";
import { asSeen } from "./seen.ts";

/** Watchers that have just begun look at once. */
const PATIENCE_LOOKS = 20;
const PAUSE_MS = 3_000;

export interface DigestParts extends Pick<LookoutParts, "services" | "sights" | "now"> {
  /** Of all that Creel keeps. */
  readonly unreadable: () => Promise<readonly Unreadable[]>;
  /** Such as `Europe/Berlin`: whose day it is of. */
  readonly timeZone: string;
}

/** Puts together what there is to tell today, from what watchers have seen. The chats tell it. */
export async function giveDigest(parts: DigestParts, held: Held): Promise<void> {
  const { services, sights, now, unreadable, timeZone } = parts;
  const [agents, lanes] = await Promise.all([services.registry.list(), services.elsewhere.served()]);
  const wanted = new Set(agents.map(({ provider }) => provider).filter((provider) => lanes.has(hostLane(provider))));
  let seen = await sights.all();
  for (let looks = 0; looks < PATIENCE_LOOKS && !held.signal.aborted; looks += 1) {
    if ([...wanted].every((name) => seen.some(({ provider }) => provider === name))) break;
    // It rejects only when nobody waits any more.
    await delay(PAUSE_MS, undefined, { signal: held.signal }).catch(() => undefined);
    seen = await sights.all();
  }
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(now());
  const digest = {
    ...{ day, atMs: now(), unreadable: await unreadable() },
    agents: agents.map((agent) => asSeen(agent, seen, lanes, now())),
    images: seen.flatMap(({ provider, images }) => (lanes.has(hostLane(provider)) ? images : [])),
  };
  await sights.putDigest(digest, held);
}
