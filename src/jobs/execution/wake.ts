import type { OperationId } from "../../core/names.ts";
import type { Lanes, OperationStore } from "../store/port.ts";

/** Lets an operation whose turn has come go at once. Never rejects: it comes by itself a little later when this fails. */
export async function wake(
  {
    store,
    lanes,
    onError,
  }: { readonly store: OperationStore; readonly lanes: Lanes; readonly onError: (error: unknown) => void },
  id: OperationId,
): Promise<void> {
  try {
    const lane = await store.lane(id);
    if (lane !== null) await lanes.ensure(lane, id);
  } catch (error) {
    onError(error);
  }
}
