import type { ChannelMemory } from "../core/chat.ts";
import type { HostName } from "../core/names.ts";

/** Which hosts are being started that were off, for whoever asks meanwhile, in whatever process. Calls may throw OpsError `store-unavailable`. */
export interface Wakings {
  /** `host` null: those that are off are just being looked for, and each of them counts. Ends by itself after some minutes, as after a crash. */
  begin(host: HostName | null): Promise<void>;
  /** Idempotent. */
  end(host: HostName | null): Promise<void>;
  isWaking(host: HostName): Promise<boolean>;
}

/** Longer than a host takes to come up, and short enough after a crash of whoever started it. */
const LIMIT_MS = 5 * 60_000;

/** Kept where all processes of Creel see them. */
export function createWakings(memory: ChannelMemory): Wakings {
  return {
    begin: (host) => memory.put(keyOf(host), true, LIMIT_MS),
    end: (host) => memory.remove(keyOf(host)),
    async isWaking(host) {
      const marks = await Promise.all([memory.get(keyOf(host)), memory.get(keyOf(null))]);
      return marks.includes(true);
    },
  };
}

function keyOf(host: HostName | null): string {
  return `waking:${host ?? ""}`;
}
