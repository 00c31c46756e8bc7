import type { Redis } from "ioredis";
import { z } from "zod";
import type { Actor } from "../../core/actor.ts";
import type { AuditEvent, AuditLog } from "../../core/audit.ts";
import { isAgentName, isOperationId } from "../../core/names.ts";
import type { Operation } from "../../core/operation.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { kindNow } from "../../operations/older-names.ts";
import { storeError } from "./connection.ts";
import { keys } from "./keys.ts";
import { actorSchema, FORMAT, orReason, parseStored, storedText } from "./record.ts";

const MAX_EVENTS = 100_000;
const PAGE = 500;

const eventSchema = z.object({
  atMs: z.number(),
  actor: actorSchema,
  what: z.enum([
    "requested",
    "refused",
    "cancel-requested",
    "started",
    "succeeded",
    "failed",
    "cancelled",
    "stuck",
    "retried",
    "adopted",
  ]),
  subject: z.string().transform(kindNow),
  agent: z.string().refine(isAgentName).nullable(),
  operation: z.string().refine(isOperationId).nullable(),
  note: z.string().nullable(),
  attempts: z.number().int().positive().optional(),
}) satisfies z.ZodType<AuditEvent>;

/** The audit events of all time, as far as the newest hundred thousand or so. Calls may throw OpsError `store-unavailable`. */
export function createAuditLog(redis: Redis, redact: (text: string) => string): AuditLog {
  return {
    async append(event) {
      const stored: AuditEvent = { ...event, note: event.note === null ? null : redact(event.note) };
      try {
        await redis.xadd(keys.audit, "MAXLEN", "~", MAX_EVENTS, "*", "event", storedText(stored));
      } catch (error) {
        throw storeError(error);
      }
    },
    async recent({ agent, limit, isAside = () => false }) {
      const events: AuditEvent[] = [];
      const unreadable: Unreadable[] = [];
      let left = limit;
      for await (const [entry, text] of newestFirst(redis)) {
        const event = orReason(() => parseEvent(text, entry));
        if (typeof event === "string") unreadable.push({ kind: "event", name: entry, why: event });
        else if (agent === null || event.agent === agent) {
          events.push(event);
          if (!isAside(event)) left -= 1;
        }
        if (left === 0) break;
      }
      return { events, unreadable };
    },
  };
}

/** `entry` is its id in the stream. @throws as `parseStored`. */
export function parseEvent(text: string, entry: string): AuditEvent {
  return parseStored(eventSchema, text, { kind: "event", name: `${keys.audit} ${entry}` });
}

async function* newestFirst(redis: Redis): AsyncGenerator<readonly [string, string]> {
  for (let before = "+"; ; ) {
    const page = await readPage(redis, before);
    yield* page;
    const oldest = page.at(-1);
    if (!oldest || page.length < PAGE) return;
    before = `(${oldest[0]}`;
  }
}

async function readPage(redis: Redis, before: string): Promise<(readonly [string, string])[]> {
  try {
    const entries = await redis.xrevrange(keys.audit, before, "-", "COUNT", PAGE);
    return entries.map(([entry, fields]) => [entry, fields[1] ?? ""]);
  } catch (error) {
    throw storeError(error);
  }
}

/** What the script that changes an operation's state appends in the same moment; empty when there is nothing to tell. */
export function lifecycleEvent(operation: Operation, what: "requested" | "started" | "ended"): string {
  const times = { requested: operation.requestedAtMs, started: operation.startedAtMs, ended: operation.endedAtMs };
  const atMs = times[what];
  const told = what === "ended" ? operation.state : what;
  if (atMs === null || told === "queued" || told === "running") return "";
  const event: AuditEvent = {
    atMs,
    actor: operation.requestedBy,
    what: told,
    subject: operation.kind,
    agent: operation.agent,
    operation: operation.id,
    note: told === "failed" || told === "stuck" ? (operation.failure?.userMessage ?? null) : null,
  };
  return storedText(event, told === "stuck" ? FORMAT : 1);
}

/** Somebody lets one that is stuck go on. */
export function retriedEvent(operation: Operation, actor: Actor, atMs: number): string {
  const { kind: subject, agent, id } = operation;
  const event: AuditEvent = { atMs, actor, what: "retried", subject, agent, operation: id, note: null };
  return storedText(event, FORMAT);
}
