import type { Redis } from "ioredis";
import type { AgentRegistry } from "../../core/agent.ts";
import type { AuditLog } from "../../core/audit.ts";
import type { ChannelMemory, RateLimiter } from "../../core/chat.ts";
import type { Concerns } from "../../core/concern.ts";
import type { Leases } from "../../core/lease.ts";
import type { Elsewhere, Sights } from "../../core/sight.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { type Attendance, createAttendance } from "./attendance.ts";
import { createAuditLog } from "./audit.ts";
import { createChanges } from "./changes.ts";
import { createConcerns } from "./concerns.ts";
import { connect, type RedisAddress, untilReady } from "./connection.ts";
import { verifyDurable } from "./durability.ts";
import { keys } from "./keys.ts";
import { createLeases } from "./leases.ts";
import { createChannelMemory, createRateLimiter } from "./notes.ts";
import { createAgentRegistry } from "./registry.ts";
import { createSights } from "./sights.ts";
import { findUnreadable } from "./unreadable.ts";

const CONNECT_LIMIT_MS = 10_000;

/** Everything Creel keeps beside its operations, which `createJobs` adds. */
export interface ConnectedStore {
  readonly registry: AgentRegistry;
  readonly audit: AuditLog;
  readonly memory: ChannelMemory;
  readonly limiter: RateLimiter;
  readonly concerns: Concerns;
  readonly sights: Sights;
  readonly leases: Leases;
  readonly attendance: Attendance;
  readonly elsewhere: Elsewhere;
  /** Every record that cannot be read; looks at all of them. May throw OpsError `store-unavailable`. */
  unreadable(): Promise<Unreadable[]>;
  /** About the durability of Redis, one sentence each; empty for the embedded one. */
  readonly warnings: readonly string[];
  /** Only for this folder. */
  readonly address: RedisAddress;
  readonly redis: Redis;
  readonly subscriber: Redis;
  /** Idempotent. */
  disconnect(): void;
}

/**
 * `onError` hears what happens in the background, not redacted.
 * @throws OpsError `store-unavailable` when Redis does not answer within 10 s or may forget what it has acknowledged.
 */
export async function connectStore(
  address: RedisAddress,
  redact: (text: string) => string,
  onError: (error: unknown) => void,
): Promise<ConnectedStore> {
  const redis = connect(address, "commands", onError);
  const subscriber = connect(address, "subscriber", onError);
  const disconnect = () => {
    redis.disconnect();
    subscriber.disconnect();
  };
  try {
    await untilReady(redis, CONNECT_LIMIT_MS);
    const watched = createChanges(subscriber, keys.watched, onError);
    const sights = createSights(redis, watched, redact);
    const attendance = createAttendance(redis, () => performance.now());
    return {
      registry: createAgentRegistry(redis),
      audit: createAuditLog(redis, redact),
      memory: createChannelMemory(redis),
      limiter: createRateLimiter(redis),
      concerns: createConcerns(redis, watched, redact),
      ...{ sights, attendance },
      elsewhere: { served: () => attendance.served(), sights: () => sights.all() },
      leases: createLeases(redis, onError),
      unreadable: () => findUnreadable(redis),
      warnings: await verifyDurable(redis),
      ...{ address, redis, subscriber, disconnect },
    };
  } catch (error) {
    disconnect();
    throw error;
  }
}
