import { errnoOf, fullness, isErrno } from "../../core/errno.ts";
import { formatElapsed } from "../../core/measures.ts";
import { type Action, command, type Message, message, text } from "../../core/message.ts";
import type { OperationId } from "../../core/names.ts";
import { askedAtMs, isUndoing, type Operation } from "../../core/operation.ts";
import { lowerFirst, underWay } from "../../operations/words.ts";
import { actionFor } from "./actions.ts";
import { progressTitle, waitsForWhom } from "./operation.ts";

/** Texts that only a terminal needs. */
export const PROMPT = "creel> ";
export const PRESS_AGAIN = "Press Ctrl-C again or Ctrl-D to leave.";

export function renderGreeting(unfinished: readonly Operation[], nowMs: number): Message {
  const items = unfinished.map((operation) => {
    const state = operation.state === "queued" ? "queued" : "going on";
    return `${underWay(operation)}, ${state} for ${formatElapsed(nowMs - askedAtMs(operation))}: watch ${operation.id}`;
  });
  return message("Creel is ready.", "plain", [
    text("/help lists the commands, Tab completes, Ctrl-D leaves."),
    { type: "list", title: "Under way from before", items },
  ]);
}

export function renderDetached(operation: Operation): Message {
  const title = `${underWay(operation)} goes on without you watching.`;
  return message(title, "plain", [text(waitsForWhom(operation))], { actions: takeUp(operation) });
}

export function renderLeaving(operation: Operation): Message {
  const kept = text("It is kept, and goes on wherever and whenever a worker runs.");
  const waits = waitsForWhom(operation);
  const blocks = waits === null ? [kept] : [text("It is kept."), text(waits)];
  return message(`${underWay(operation)} has not ended.`, "plain", blocks, { actions: takeUp(operation) });
}

/** What is being undone is not cancelled any more. */
function takeUp(operation: Operation): Action[] {
  const { id } = operation;
  const watch = command("Watch", `watch ${id}`);
  return isUndoing(operation) ? [watch] : [watch, actionFor(`/cancel operation:${id}`)];
}

export function leavingPrompt(operations: readonly Operation[]): string {
  return operations.length === 0 ? "Type leave to go ahead: " : "Type wait or leave: ";
}

/** Before the process ends that works on `operations`, of which there may be none, and serves other terminals. */
export function renderLeavingQuestion(operations: readonly Operation[], otherTerminals: number): Message {
  const open = operations.length === 0 ? null : `${countOf(operations)} under way`;
  const attached =
    otherTerminals === 0
      ? null
      : `${otherTerminals} other ${otherTerminals === 1 ? "terminal is" : "terminals are"} attached`;
  const title = [open, attached].filter((part) => part !== null).join(", and ");
  const items = operations.map((operation) => `${underWay(operation)} (operation ${operation.id})`);
  return message(`${title}.`, "question", [
    { type: "list", title: "Under way", items },
    text(open === null ? null : "wait stays until they have ended, and leaves then."),
    text(
      open === null
        ? "leave ends Creel for the others, too."
        : "leave stops them; they are kept, and go on when Creel is started again.",
    ),
    text("Anything else stays."),
  ]);
}

/** Such as `1 deploy is`, `2 operations are`. */
function countOf(operations: readonly Operation[]): string {
  const kinds = new Set(operations.map(({ kind }) => kind));
  const [kind = ""] = kinds;
  const noun = kinds.size === 1 && /^[a-z]+$/.test(kind) ? kind : "operation";
  return operations.length === 1 ? `1 ${noun} is` : `${operations.length} ${noun}s are`;
}

/** For the log of a Creel that was told to stop. */
export function renderLeftForLater(operations: readonly Operation[]): Message {
  const items = operations.map((operation) => `${underWay(operation)} (operation ${operation.id})`);
  return message(`Creel stops. ${countOf(operations)} kept, to go on when it is started again.`, "plain", [
    { type: "list", title: "Kept", items },
  ]);
}

export function renderAttached(other: { readonly version: string; readonly pid: number }, version: string): Message {
  const differs =
    other.version === version
      ? null
      : text(
          `That is Creel ${other.version}, and this program is ${version}. Start that one again to use the new one.`,
        );
  return message(`This terminal is attached to the Creel that runs here (pid ${other.pid}).`, "plain", [differs]);
}

/** `lines`: nobody sits there. Of what becomes of them a Creel that was told to stop has said it all, and one that went without a word nothing. */
export function renderCreelEnded(pid: number, wasTold: boolean, lines: boolean): Message {
  const kept = text("What was under way is kept, and goes on when Creel is started again.");
  const undone = text("Lines without an outcome here were not done, or not to their end.");
  return message(
    wasTold ? `Creel (pid ${pid}) was stopped.` : `Creel (pid ${pid}) has ended without a word, or does not answer.`,
    "bad",
    lines ? (wasTold ? [] : [kept, undone]) : [kept],
  );
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

/** `error` as the stream has it. */
export function renderOutputLost(error: unknown): Message {
  const why = isErrno(error, "EPIPE") ? "its reader has gone" : (fullness(error) ?? errnoOf(error) ?? "it is closed");
  return message(`Standard output takes no more: ${why}.`, "plain", [
    text("The lines are done all the same, to the end. What failed is said here, and the exit status says it, too."),
  ]);
}

/** `code` as the operating system has it. A terminal that cannot be read has mostly gone. */
export function renderInputLost(code: string, input: "lines" | "prompt"): Message {
  const left = input === "lines" ? "What came before is done. What follows was not read." : null;
  return message(`Standard input cannot be read any further: ${inputTrouble(code)}.`, "bad", [text(left)]);
}

function inputTrouble(code: string): string {
  return code === "EIO" ? "the device fails, or the terminal has gone (EIO)" : code;
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

/** `from`: the number of the first line that was not even begun. */
export function renderUndoneLines(from: number): Message {
  return message(`Line ${from} and what follows were not done.`, "bad", []);
}

export function startedLine(operation: Operation): string {
  return `${progressTitle(operation)} (operation ${operation.id})`;
}
