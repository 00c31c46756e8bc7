import { type Message, message, text } from "../core/message.ts";
import type { OperationId } from "../core/names.ts";
import { isEnded, isUndoing, noSuchOperation, type Operation } from "../core/operation.ts";
import { doing } from "../operations/words.ts";
import type { Control } from "./control.ts";
import type { Look, Sources } from "./question.ts";

interface Cancelled {
  readonly operation: Operation;
  /** false: it had ended, or was being undone anyway. */
  readonly accepted: boolean;
}

/** Stops an operation, which then cleans up behind itself. */
export function cancelling(operation: OperationId): Control {
  return {
    type: "control",
    params: { operation },
    async carryOut(sources, look) {
      const cancelled = await cancel(sources, operation);
      return { type: "answer", message: showCancelled(cancelled, look), ends: cancelled.accepted ? operation : null };
    },
  };
}

async function cancel({ operations, audit, actor, now }: Sources, id: OperationId): Promise<Cancelled> {
  const operation = await operations.get(id);
  if (operation === null) throw noSuchOperation(id);
  if (isEnded(operation) || isUndoing(operation)) return { operation, accepted: false };
  // Written down first: a request to stop something should be on record even when the store fails right after it.
  await audit.append({
    atMs: now(),
    actor,
    what: "cancel-requested",
    subject: operation.kind,
    agent: operation.agent,
    operation: id,
    note: null,
  });
  const accepted = await operations.cancel(id);
  return { operation: (await operations.get(id)) ?? operation, accepted };
}

/** Pure. */
export function showCancelled({ operation, accepted }: Cancelled, look: Look): Message {
  // It may have come to its end in the same moment.
  if (accepted && operation.state !== "succeeded") {
    if (!isEnded(operation) && operation.waitingFor !== null) {
      const waits = `It stops when it goes on; it waits for ${operation.waitingFor}.`;
      return message(`${doing(operation)} is being cancelled.`, "plain", [text(waits)]);
    }
    const end = isEnded(operation) ? "It has stopped." : "It stops after cleaning up behind itself.";
    return message(`${doing(operation)} is being cancelled.`, "good", [text(end)]);
  }
  if (isUndoing(operation)) return message(`${doing(operation)} is being undone already.`, "plain", []);
  if (operation.state !== "stuck") {
    return message(`${doing(operation)} has already ended: ${operation.state}.`, "plain", []);
  }
  const blocks = [text("It has stopped; Retry goes on cleaning up behind it.")];
  const actions = [look.action(`/retry operation:${operation.id}`)];
  return message(`${doing(operation)} is stuck.`, "bad", blocks, { actions });
}
