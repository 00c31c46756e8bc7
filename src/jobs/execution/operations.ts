import { OpsError } from "../../core/errors.ts";
import type { Lane } from "../../core/lane.ts";
import { makeOperationId } from "../../core/names.ts";
import { fail, failureFrom, isEnded, isUndoing, newOperation, noSuchOperation, resume } from "../../core/operation.ts";
import { checkRequest } from "../../operations/check.ts";
import type { OperationDefinition } from "../../operations/definition.ts";
import type { Operations } from "../../operations/journal.ts";
import type { Changes, Lanes, OperationStore, Stored } from "../store/port.ts";
import { createWaiting } from "./waiting.ts";
import { wake } from "./wake.ts";
import { watchOperation } from "./watch.ts";

export interface OperationsParts {
  readonly store: OperationStore;
  readonly changes: Changes;
  readonly lanes: Lanes;
  readonly definitions: readonly OperationDefinition[];
  readonly now: () => number;
  readonly random: () => number;
  /** Whether this process runs operations itself. */
  readonly worksHere: () => boolean;
  /** Whether a worker that is alive, in whatever process, will take what waits on this lane. */
  readonly isServed: (lane: Lane) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

export function createOperations(parts: OperationsParts): Operations {
  const { store, changes, lanes, definitions, now, random } = parts;
  const waiting = createWaiting(store, parts.isServed);
  const shown = (stored: Stored | null) => (stored === null ? null : waiting.shown(stored));

  return {
    async enqueue({ kind, params, agent, requestedBy, origin }) {
      const definition = definitions.find((candidate) => candidate.kind === kind);
      if (!definition) throw unknownKind(kind);
      const parsed = definition.params.safeParse(params);
      if (!parsed.success) throw unfitParams(kind, parsed.error);
      const steps = Object.entries(definition.steps).map(([name, { title }]) => ({ name, title }));
      const { version } = definition;
      const id = makeOperationId(now(), random);
      const place = origin?.place ?? null;
      const fields = { id, kind, version, params: parsed.data, agent, requestedBy, place, steps };
      const operation = newOperation(fields, now());
      const lane = await definition.lane(parsed.data, () => null);
      const first = await store.enqueue(operation, lane, origin ?? null);
      if (first !== id) return (await shown(await store.read(first))) ?? operation;
      // Acknowledged by the line above. What is durable does not wait for its delivery, nor fail with it: the sweep finds it.
      lanes.deliver(lane, id);
      return await waiting.of(operation, lane).catch(() => operation);
    },
    check: (request) => checkRequest({ definitions, recent: store.recent, worksHere: parts.worksHere() }, request),
    async earlier(origin) {
      const id = await store.earlier(origin);
      return id === null ? null : await shown(await store.read(id));
    },
    get: async (id) => await shown(await store.read(id)),
    recent: async (filter) => await waiting.all(await store.recent(filter)),
    async cancel(id) {
      const stored = await store.read(id);
      if (!stored) throw noSuchOperation(id);
      if (isEnded(stored.operation) || isUndoing(stored.operation)) return false;
      // Nobody has begun with it: there is nothing to undo, so it does not have to wait for a worker either.
      if (stored.fence === "0") {
        const replaced = await store.replaceUnclaimed(stored, fail(stored.operation, failureFrom(cancelled()), now()));
        if (replaced?.next) await wake(parts, replaced.next);
        if (replaced) return true;
      }
      return store.requestCancel(id);
    },
    async resume(id, { actor, place }) {
      const stored = await store.read(id);
      if (!stored) throw noSuchOperation(id);
      if (stored.operation.state !== "stuck") return await waiting.shown(stored);
      const resumed = { ...resume(stored.operation, now()), place };
      const lane = await store.reopen(stored, resumed, actor);
      if (lane === null) return (await shown(await store.read(id))) ?? resumed;
      lanes.deliver(lane, id);
      return await waiting.of(resumed, lane);
    },
    untold: async (channel) => await waiting.all(await store.untold(channel)),
    isUntold: async ({ place, id }) => place !== null && (await store.isUntold(place.channel, id)),
    async told(operation) {
      if (operation.place !== null) await store.told(operation.place.channel, operation);
    },
    watch: (id, signal) => watchOperation({ store, waiting, changes }, id, signal),
  };
}

export function cancelled(): OpsError {
  return new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." });
}

function unknownKind(kind: string): OpsError {
  return new OpsError({ code: "internal", userMessage: `Creel does not know how to do "${kind}".` });
}

function unfitParams(kind: string, cause: unknown): OpsError {
  return new OpsError({ code: "input-invalid", userMessage: `"${kind}" was asked for with unfit parameters.`, cause });
}
