import { OpsError } from "../../core/errors.ts";
import { type Action, type Block, type Message, message, text } from "../../core/message.ts";
import type { PrivateQuestion } from "../../core/private-question.ts";
import type { TicketId } from "../../core/ticket.ts";
import { renderRefusal } from "./refusal.ts";

/** How people are asked for secrets, and what is said when nothing came of it. */

/** In a terminal, above the prompt. */
export function renderEnterHidden({ title, text: why }: PrivateQuestion): Message {
  return message(`${title} is needed.`, "question", [
    text(why),
    text("It is not shown while you type or paste it. Ctrl-C leaves."),
  ]);
}

export function enterPrompt({ title }: PrivateQuestion): string {
  return `${title} (hidden): `;
}

/** In a chat. `entry` as the chat has it. */
export function renderAskPrivately(asked: PrivateQuestion, ticket: TicketId, entry: "dialog" | "message"): Message {
  const { title, text: why, instead } = asked;
  const how =
    entry === "dialog"
      ? "Only you see this, and nobody sees what you enter."
      : "Send it as your next message in this chat. I delete that message at once.";
  const leave: Action = { label: "Leave it", tone: "plain", does: { type: "private", ticket, wants: "leave" } };
  return message(
    `${title} is needed.`,
    "question",
    [text(why), text(`${how} You have two minutes; with ${instead} in the command I do not ask.`)],
    { private: true, actions: entry === "dialog" ? [enterAction("Enter it", ticket), leave] : [leave] },
  );
}

/** What was entered is no good. `ticket`: of the dialog to open again; null: it is sent again as a message. */
export function renderEnterAgain(error: OpsError, ticket: TicketId | null): Message {
  const refusal = renderRefusal(error);
  if (ticket === null) return { ...refusal, blocks: [...refusal.blocks, ...blocksOf("Send it again, or leave it.")] };
  const leave: Action = { label: "Leave it", tone: "plain", does: { type: "private", ticket, wants: "leave" } };
  return { ...refusal, actions: [enterAction("Enter it again", ticket), leave] };
}

function enterAction(label: string, ticket: TicketId): Action {
  return { label, tone: "good", does: { type: "private", ticket, wants: "enter" } };
}

/** `line` asks for it anew. */
export function renderEnteredLate(line: string): Message {
  return message("Nothing was done: your answer came too late.", "plain", [text("It was open for two minutes.")], {
    private: true,
    actions: [{ label: "Ask me again", tone: "good", does: { type: "command", line } }],
  });
}

/** `isGone` false: what was entered still stands in the chat. */
export function withLeftBehind(shown: Message, isGone: boolean): Message {
  if (isGone) return shown;
  return { ...shown, blocks: [...shown.blocks, ...blocksOf("I could not delete your message. Delete it yourself.")] };
}

function blocksOf(words: string): Block[] {
  return [{ type: "text", text: words }];
}

export function questionOver(): OpsError {
  return new OpsError({
    code: "confirmation-required",
    userMessage: "This question is not open any more.",
    hint: "Give the command again to be asked anew.",
  });
}

export function noTextEntered(): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: "That is no text of your own.",
    hint: "Copy only the secret itself, and send it as text.",
  });
}

const WHY = {
  left: "Nothing was done: it was not entered.",
  expired: "Nothing was done: two minutes are over, and nothing was entered.",
  nobody: "This needs a secret, which is not taken from lines that nobody types.",
  seen: "This needs a secret, and this terminal would show it.",
};

export function notEntered({ instead }: PrivateQuestion, why: keyof typeof WHY): OpsError {
  const isImpossible = why === "nobody" || why === "seen";
  return new OpsError({
    code: isImpossible ? "input-invalid" : "confirmation-required",
    userMessage: WHY[why],
    hint: isImpossible
      ? `Say where it is instead: add ${instead} to the line.`
      : `Give the command again to be asked anew, or add ${instead} to it.`,
  });
}
