import type { Redis } from "ioredis";
import { z } from "zod";
import type { AuditEvent, AuditLog } from "../core/audit.ts";
import { isAgentName, isOperationId } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";
import { storeError } from "./connection.ts";
import { keys } from "./keys.ts";
import { actorSchema, parseStored } from "./record.ts";

const MAX_EVENTS = 100_000;
const PAGE = 500;

const eventSchema = z.object({
  atMs: z.number(),
  actor: actorSchema,
  what: z.enum(["requested", "refused", "cancel-requested", "started", "succeeded", "failed", "cancelled", "adopted"]),
  subject: z.string(),
  agent: z.string().refine(isAgentName).nullable(),
  operation: z.string().refine(isOperationId).nullable(),
  note: z.string().nullable(),
}) satisfies z.ZodType<AuditEvent>;

/** The audit events of all time, as far as the newest hundred thousand or so. Calls may throw OpsError `store-unavailable`. */
export function createAuditLog(redis: Redis, redact: (text: string) => string): AuditLog {
  return {
    async append(event) {
      const stored: AuditEvent = { ...event, note: event.note === null ? null : redact(event.note) };
      try {
        await redis.xadd(keys.audit, "MAXLEN", "~", MAX_EVENTS, "*", "event", JSON.stringify(stored));
      } catch (error) {
        throw storeError(error);
      }
    },
    async recent({ agent, limit }) {
      const found: AuditEvent[] = [];
      for (let before = "+"; found.length < limit; ) {
        const page = await readPage(redis, before);
        for (const [, event] of page) if (agent === null || event.agent === agent) found.push(event);
        const oldest = page.at(-1);
        if (!oldest || page.length < PAGE) break;
        before = `(${oldest[0]}`;
      }
      return found.slice(0, limit);
    },
  };
}

async function readPage(redis: Redis, before: string): Promise<(readonly [string, AuditEvent])[]> {
  try {
    const entries = await redis.xrevrange(keys.audit, before, "-", "COUNT", PAGE);
    return entries.map(([entry, fields]) => [entry, parseStored(eventSchema, fields[1] ?? "", "an audit event")]);
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
    note: told === "failed" ? (operation.failure?.userMessage ?? null) : null,
  };
  return JSON.stringify(event);
}
