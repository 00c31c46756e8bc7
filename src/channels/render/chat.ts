import type { Place } from "../../core/chat.ts";
import type { Choice, TicketId } from "../../core/desk.ts";
import { OpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import { type Block, command, type Message, message, text } from "../message.ts";
import { doing } from "./words.ts";

/** Texts that only chats need. */
export function renderConfirmation(question: string, ticket: TicketId): Message {
  return message(question, "question", [text("You have two minutes to answer.")], {
    private: true,
    actions: [
      { label: "Go ahead", tone: "danger", does: { type: "answer", ticket, answer: "yes" } },
      { label: "Leave it", tone: "plain", does: { type: "answer", ticket, answer: "no" } },
    ],
  });
}

/** Instead of a question that was answered with no. */
export function renderDeclined(): Message {
  return message("Nothing was done.", "plain", [], { private: true });
}

/** The operation's own message follows by itself, where the bot may post one. */
export function renderAccepted(operation: Operation, canPost: boolean): Message {
  const how = canPost
    ? "You can follow it in a message of its own."
    : "I may not post in this channel, so you cannot follow it here: the outcome goes to the alerts channel, if there is one, and /history shows it. creel doctor says which permissions are missing.";
  return message(`${doing(operation)}.`, "progress", [text(how)], { private: true });
}

/** `lineFor` makes the complete line for a choice. */
export function renderChoices(option: string, choices: readonly Choice[], lineFor: (value: string) => string): Message {
  return message(`Which ${option}?`, "question", [], {
    private: true,
    actions: choices.map(({ label, value }) => command(label, lineFor(value))),
  });
}

/** An outcome that had to be told in another place than the one it belongs to. */
export function renderElsewhere(outcome: Message, { requestedBy }: Operation, place: Place): Message {
  const where = `${place.channel === "discord" ? "the Discord channel" : "the Telegram chat"} ${place.chat}`;
  const why: Block = {
    type: "text",
    text: `${requestedBy.name} asked for this in ${where}, where Creel may not write any more.`,
  };
  return { ...outcome, blocks: [why, ...outcome.blocks] };
}

/** Something happened `count` times since the message was written. */
export function renderRepeated(alert: Message, count: number, lastAtMs: number): Message {
  if (count < 2) return alert;
  const again: Block = { type: "text", text: `Seen ${count} times so far, last at ${formatTime(lastAtMs)}.` };
  return { ...alert, blocks: [...alert.blocks, again] };
}

/** Replaces an alert whose cause is gone. */
export function renderSettled(title: string, count: number, settledAtMs: number): Message {
  const times = count < 2 ? "once" : `${count} times`;
  return message(title, "plain", [text(`Seen ${times}; all right again since ${formatTime(settledAtMs)}.`)]);
}

/** The good news after an alert. */
export function renderAllClear(title: string): Message {
  return message("All right again.", "good", [text(`It was: ${title}`)]);
}

/** In a group, instead of a private answer to somebody the bot may not write to. `link` opens a chat with the bot. */
export function openAChatFirst(link: string): string {
  return `The answer is for you alone, and I may not write to you yet. Open ${link}, press Start, and ask again.`;
}

/** In a group, to somebody who writes as the group or as a channel. */
export const NOT_A_PERSON = "I cannot see who you are while you write anonymously. Switch that off and ask again.";

export function buttonTooOld(): OpsError {
  return new OpsError({
    code: "not-found",
    userMessage: "This button is too old to be pressed.",
    hint: "Type the command instead; /help lists them.",
  });
}

/** Such as `2026-11-21 14:05 UTC`. */
function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How far something is, behind its bar. */
export function barWords({ done, total, note }: Extract<Block, { type: "bar" }>): string {
  return `${done} of ${total} · ${note}`;
}

/** Who writes in the name of a chat that has no title. */
export const ANONYMOUS = "an anonymous administrator";

/** Who writes when the chat does not say. */
export const SOMEBODY = "somebody";
