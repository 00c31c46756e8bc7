import { type Lane, whoServes } from "../../core/lane.ts";
import { isEnded, type Operation, waitFor } from "../../core/operation.ts";
import type { OperationStore, Stored } from "../store/port.ts";

/**
 * Says of operations who has to be there for them to go on, as long as nobody is. It is worked out when somebody looks: who is not there can
 * write nothing down. May throw OpsError `store-unavailable`.
 */
export interface Waiting {
  shown(stored: Stored): Promise<Operation>;
  of(operation: Operation, lane: Lane): Promise<Operation>;
  all(operations: readonly Operation[]): Promise<Operation[]>;
}

export function createWaiting(
  store: Pick<OperationStore, "lane">,
  isServed: (lane: Lane) => Promise<boolean>,
): Waiting {
  async function of(operation: Operation, lane: Lane): Promise<Operation> {
    return isEnded(operation) || (await isServed(lane)) ? operation : waitFor(operation, whoServes(lane));
  }
  return {
    of,
    shown: ({ operation, lane }) => of(operation, lane),
    all: (operations) =>
      Promise.all(
        operations.map(async (operation) => {
          const lane = isEnded(operation) ? null : await store.lane(operation.id);
          return lane === null ? operation : await of(operation, lane);
        }),
      ),
  };
}
