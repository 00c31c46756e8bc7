import type { Lane } from "../../core/lane.ts";
import type { OperationId } from "../../core/names.ts";
import { findStep, isEnded, type Operation } from "../../core/operation.ts";
import type { OperationDefinition } from "../../operations/definition.ts";
import { isOldLane, type Lanes, type OperationStore } from "../store/port.ts";
import { orReason } from "../store/record.ts";

/** Where it belongs by now; null when this Creel does not know it well enough to say. */
export async function laneFor(definitions: readonly OperationDefinition[], operation: Operation): Promise<Lane | null> {
  const definition = definitions.find(({ kind }) => kind === operation.kind);
  const params = definition?.params.safeParse(operation.params);
  if (definition === undefined || !params?.success) return null;
  return await definition.lane(params.data, (step) => findStep(operation, step)?.output ?? null);
}

interface RouteParts {
  readonly store: OperationStore;
  readonly lanes: Lanes;
  /** null: nobody here can say. */
  readonly laneOf: (operation: Operation) => Promise<Lane | null>;
  /** Where those of an older Creel go of which nobody here can say: there they wait for who can. */
  readonly otherwise: Lane;
}

/**
 * Puts an operation on the lane where it belongs by now, if that is another one and `isWanted`, and delivers it there. One that a worker of an older
 * Creel has in hand stays where it is. @returns whether it was moved. Rejects with OpsError `store-unavailable`.
 */
export function createRoute({ store, lanes, laneOf, otherwise }: RouteParts) {
  return async (id: OperationId, isWanted: (lane: Lane) => boolean): Promise<boolean> => {
    const stored = await store.read(id);
    const operation = stored && orReason(() => stored.operation);
    if (stored === null || operation === null || typeof operation === "string" || isEnded(operation)) return false;
    const lane = (await laneOf(operation)) ?? (isOldLane(stored.lane) ? otherwise : null);
    if (lane === null || lane === stored.lane || !isWanted(lane)) return false;
    return await move(id, stored.lane, lane);
  };

  async function move(id: OperationId, from: Lane, to: Lane): Promise<boolean> {
    if (isOldLane(from) && !(await lanes.withdraw(from, id))) return false;
    if (!(await store.move(id, from, to))) return false;
    await lanes.ensure(to, id);
    return true;
  }
}
