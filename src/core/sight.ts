import type { AgentStatus } from "./desk.ts";
import type { OldImage } from "./golden-image.ts";
import type { Lane } from "./lane.ts";
import type { Held } from "./lease.ts";
import type { Unreadable } from "./unreadable.ts";

/** How an agent looked to who could ask it. What it was last asked to do is on record elsewhere. */
export type SeenAgent = Omit<AgentStatus, "lastOperation">;

/** What the watcher of a provider saw at its latest look. */
export interface Sight {
  readonly provider: string;
  /** ms since the epoch. */
  readonly atMs: number;
  readonly agents: readonly SeenAgent[];
  readonly images: readonly OldImage[];
}

/** What there is to tell once a day. */
export interface Digest {
  /** Where its owners live, such as 2026-11-21. */
  readonly day: string;
  readonly atMs: number;
  readonly agents: readonly SeenAgent[];
  readonly unreadable: readonly Unreadable[];
  readonly images: readonly OldImage[];
}

/** Calls may throw OpsError `store-unavailable`, and those with a lease that was lost `superseded`. */
export interface Sights {
  put(sight: Sight, by: Held): Promise<void>;
  /** The latest of each provider, as far as they can be read. */
  all(): Promise<Sight[]>;
  /** Takes the place of the one before. */
  putDigest(digest: Digest, by: Held): Promise<void>;
  digest(): Promise<Digest | null>;
  /** Calls `onDigest` when there is another one, or it may have been missed, until the returned function is called. */
  listen(onDigest: () => void): () => void;
}

/** What other processes of Creel can do and have seen. Calls may throw OpsError `store-unavailable`. */
export interface Elsewhere {
  /** Lanes with workers that are alive, of this process as well. */
  served(): Promise<ReadonlySet<Lane>>;
  /** What the watcher of each provider saw last. */
  sights(): Promise<readonly Sight[]>;
}
