import { OpsError } from "../core/errors.ts";
import { makeOperationId } from "../core/names.ts";
import { fail, failureFrom, isEnded, newOperation } from "../core/operation.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import type { Operations } from "../operations/journal.ts";
import type { Changes } from "./changes.ts";
import type { Lanes } from "./lanes.ts";
import { noSuchOperation, type OperationStore } from "./store.ts";
import { wake } from "./wake.ts";
import { watchOperation } from "./watch.ts";

export interface OperationsParts {
  readonly store: OperationStore;
  readonly changes: Changes;
  readonly lanes: Lanes;
  readonly definitions: readonly OperationDefinition[];
  readonly now: () => number;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

export function createOperations(parts: OperationsParts): Operations {
  const { store, changes, lanes, definitions, now, random } = parts;

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
      const first = await store.enqueue(operation, definition.lane, origin ?? null);
      if (first !== id) return (await store.read(first))?.operation ?? operation;
      // Acknowledged by the line above. What is durable does not wait for its delivery, nor fail with it: the sweep finds it.
      lanes.deliver(definition.lane, id);
      return operation;
    },
    async get(id) {
      return (await store.read(id))?.operation ?? null;
    },
    recent: (filter) => store.recent(filter),
    async cancel(id) {
      const stored = await store.read(id);
      if (!stored) throw noSuchOperation(id);
      if (isEnded(stored.operation)) return false;
      // Nobody has begun with it: there is nothing to undo, so it does not have to wait for a worker either.
      if (stored.fence === "0") {
        const replaced = await store.replaceUnclaimed(stored, fail(stored.operation, failureFrom(cancelled()), now()));
        if (replaced?.next) await wake(parts, replaced.next);
        if (replaced) return true;
      }
      return store.requestCancel(id);
    },
    untold: (channel) => store.untold(channel),
    isUntold: async ({ place, id }) => place !== null && (await store.isUntold(place.channel, id)),
    async told({ place, id }) {
      if (place !== null) await store.told(place.channel, id);
    },
    watch: (id, signal) => watchOperation(store, changes, id, signal),
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
