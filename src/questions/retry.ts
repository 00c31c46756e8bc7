import { OpsError } from "../core/errors.ts";
import type { OperationId } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import type { Control } from "./control.ts";

/**
 * Lets an operation that is stuck go on being undone. One that is under way stays as it is, so that asking twice is asking once.
 * Refused with `not-found`; `wrong-state` when it has ended with nothing left to undo.
 */
export function retrying(id: OperationId): Control {
  return {
    type: "control",
    params: { operation: id },
    async carryOut({ operations, actor, place }) {
      const operation = await operations.resume(id, { actor, place });
      if (!isEnded(operation)) return { type: "operation", operation };
      throw new OpsError({
        code: "wrong-state",
        userMessage: `Operation ${id} is not stuck: it has ${operation.state === "cancelled" ? "been cancelled" : operation.state}.`,
        hint: "To do the same again, ask for it anew.",
      });
    },
  };
}
