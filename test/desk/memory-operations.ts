import type { AuditEvent, AuditLog } from "../../src/core/audit.ts";
import type { Origin } from "../../src/core/chat.ts";
import { OpsError } from "../../src/core/errors.ts";
import { makeOperationId, type OperationId } from "../../src/core/names.ts";
import {
  fail,
  failureFrom,
  isEnded,
  isUndoing,
  newOperation,
  noSuchOperation,
  type Operation,
  resume,
} from "../../src/core/operation.ts";
import { checkRequest } from "../../src/operations/check.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import type { Operations } from "../../src/operations/journal.ts";

/** Operations in memory. Nothing works on them by itself: tests change them as a worker would. */
export interface MemoryOperations extends Operations {
  readonly all: ReadonlyMap<OperationId, Operation>;
  change(id: OperationId, transition: (operation: Operation) => Operation): void;
  /** Resolves with the next operation anybody enqueues, or the newest one nobody waited for. */
  nextEnqueued(): Promise<Operation>;
  /** Resolves when somebody watches the operation. */
  watched(id: OperationId): Promise<void>;
}

export type StepTitles = readonly { readonly name: string; readonly title: string }[];

/** Requests are checked as by `definitions`. */
export function createMemoryOperations(
  now: () => number,
  steps: (kind: string) => StepTitles,
  definitions: readonly OperationDefinition[] = [],
): MemoryOperations {
  const all = new Map<OperationId, Operation>();
  const changed = new EventTarget();
  const unclaimed: Operation[] = [];
  const watching = new Set<OperationId>();
  const until = async (type: string, condition: () => boolean, signal?: AbortSignal) => {
    while (!condition() && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        changed.addEventListener(type, () => resolve(), { once: true });
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  };
  const put = (operation: Operation) => {
    all.set(operation.id, operation);
    changed.dispatchEvent(new Event(operation.id));
  };
  const newestFirst = () => [...all.values()].reverse();
  const requests = new Map<string, OperationId>();
  const told = new Set<OperationId>();
  let made = 0;
  const recent: Operations["recent"] = async ({ agent, limit }) =>
    newestFirst()
      .filter((operation) => agent === null || operation.agent === agent)
      .slice(0, limit);
  const earlier = ({ place, key }: Origin): Operation | null => {
    const id = requests.get(`${place.channel}:${key}`);
    return id === undefined ? null : (all.get(id) ?? null);
  };

  return {
    all,
    change(id, transition) {
      const operation = all.get(id);
      if (operation === undefined) throw new Error(`no operation ${id}`);
      put(transition(operation));
    },
    async nextEnqueued() {
      await until("enqueued", () => unclaimed.length > 0);
      const operation = unclaimed.shift();
      if (operation === undefined) throw new Error("two callers waited for one operation");
      return operation;
    },
    watched: (id) => until("watched", () => watching.has(id)),

    async enqueue({ kind, params, agent, requestedBy, origin }) {
      const before = origin && earlier(origin);
      if (before) return before;
      made += 1;
      const id = makeOperationId(now(), () => (made % 36) / 36);
      const operation = newOperation(
        { id, kind, version: 1, params, agent, requestedBy, place: origin?.place ?? null, steps: steps(kind) },
        now(),
      );
      if (origin) requests.set(`${origin.place.channel}:${origin.key}`, id);
      put(operation);
      unclaimed.push(operation);
      changed.dispatchEvent(new Event("enqueued"));
      return operation;
    },
    get: async (id) => all.get(id) ?? null,
    recent,
    earlier: async (origin) => earlier(origin),
    check: (request) => checkRequest({ definitions, recent, worksHere: true }, request),
    untold: async (channel) => [...all.values()].filter(({ id, place }) => place?.channel === channel && !told.has(id)),
    isUntold: async ({ id, place }) => place !== null && !told.has(id),
    async told({ id, endedAtMs }) {
      if (endedAtMs === null || all.get(id)?.endedAtMs === endedAtMs) told.add(id);
    },
    async cancel(id) {
      const operation = all.get(id);
      if (operation === undefined) throw noSuchOperation(id);
      if (isEnded(operation) || isUndoing(operation)) return false;
      put(fail(operation, failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." })), now()));
      return true;
    },
    async resume(id, { place }) {
      const operation = all.get(id);
      if (operation === undefined) throw noSuchOperation(id);
      if (operation.state === "stuck") {
        told.delete(id);
        put({ ...resume(operation, now()), place });
      }
      return all.get(id) ?? operation;
    },
    async *watch(id, signal) {
      let seen: Operation | undefined;
      watching.add(id);
      changed.dispatchEvent(new Event("watched"));
      while (!signal.aborted) {
        const operation = all.get(id);
        if (operation === undefined) throw noSuchOperation(id);
        if (operation !== seen) {
          seen = operation;
          yield operation;
          if (isEnded(operation)) return;
        }
        await until(id, () => all.get(id) !== seen, signal);
      }
    },
  };
}

export function createMemoryAudit(): AuditLog & { readonly events: AuditEvent[] } {
  const events: AuditEvent[] = [];
  return {
    events,
    async append(event) {
      events.push(event);
    },
    async recent({ agent, limit, isAside = () => false }) {
      let left = limit;
      const found = events.toReversed().filter((event) => {
        if (left === 0 || (agent !== null && event.agent !== agent)) return false;
        if (!isAside(event)) left -= 1;
        return true;
      });
      return { events: found, unreadable: [] };
    },
  };
}
