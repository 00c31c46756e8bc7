import { actionFor as actionAmong } from "../../../commands/action.ts";
import { commands } from "../../../commands/index.ts";
import { type Action, command } from "../../core/message.ts";
import type { Operation } from "../../core/operation.ts";
import { task } from "../../operations/words.ts";
import type { Look } from "../../questions/question.ts";

/** See `commands/action.ts`: with the labels of the commands there are. */
export function actionFor(line: string, after: Operation | null = null): Action {
  return actionAmong(line, commands, after);
}

/** What questions need to know to be shown. */
export function lookAt(nowMs: number): Look {
  return { nowMs, action: (line) => actionFor(line) };
}

/** Stops an operation; the line holds only its id, so the label says what it is. */
export function cancelAction(operation: Operation): Action {
  return command(`Cancel ${task(operation)}`, `/cancel operation:${operation.id}`, "danger");
}
