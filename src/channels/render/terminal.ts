import { formatElapsed } from "../../core/measures.ts";
import type { OperationId } from "../../core/names.ts";
import type { Operation } from "../../core/operation.ts";
import { type Action, command, type Message, message, text } from "../message.ts";
import { actionFor } from "./actions.ts";
import { doing, lowerFirst } from "./words.ts";

/** Texts that only a terminal needs. */
export const PROMPT = "creel> ";
export const PRESS_AGAIN = "Press Ctrl-C again or Ctrl-D to leave.";

export function renderGreeting(unfinished: readonly Operation[], nowMs: number): Message {
  const items = unfinished.map((operation) => {
    const state = operation.state === "queued" ? "queued" : "going on";
    return `${doing(operation)}, ${state} for ${formatElapsed(nowMs - operation.requestedAtMs)}: watch ${operation.id}`;
  });
  return message("Creel is ready.", "plain", [
    text("/help lists the commands, Tab completes, Ctrl-D leaves."),
    { type: "list", title: "Under way from before", items },
  ]);
}

export function renderDetached(operation: Operation): Message {
  return message(`${doing(operation)} goes on without you watching.`, "plain", [], { actions: takeUp(operation) });
}

export function renderLeaving(operation: Operation): Message {
  const kept = text("It is kept, and goes on wherever and whenever a worker runs.");
  return message(`${doing(operation)} has not ended.`, "plain", [kept], { actions: takeUp(operation) });
}

function takeUp({ id }: Operation): Action[] {
  return [command("Watch", `watch ${id}`), actionFor(`/cancel operation:${id}`)];
}

export function renderNothingToWatch(id: OperationId | null): Message {
  const title = id === null ? "Nothing is under way." : `There is no operation ${id}.`;
  return message(title, id === null ? "plain" : "bad", [text("/history lists operations with their ids.")]);
}

/** What a confirmation is about. `expected` null: it is asked for right below. */
export function renderQuestion(question: string, expected: string | null): Message {
  const how =
    expected === null
      ? "Anything but the answer asked for stops it."
      : `Add confirm:${expected} to the line to go ahead.`;
  return message(question, "question", [text(how)]);
}

export function confirmationPrompt(expected: string): string {
  return `Type ${expected} to go ahead: `;
}

export interface FailedLine {
  readonly number: number;
  readonly line: string;
  readonly reason: string;
}

export function renderFailedLines(failed: readonly FailedLine[], total: number): Message {
  const items = failed.map(({ number, line, reason }) => `line ${number}, ${line}: ${lowerFirst(reason)}`);
  return message(`${failed.length} of ${total} ${total === 1 ? "command" : "commands"} failed.`, "bad", [
    { type: "list", title: "Failed", items },
  ]);
}

export function startedLine(operation: Operation): string {
  return `${doing(operation)} (operation ${operation.id})`;
}
