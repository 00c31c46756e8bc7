import { OpsError } from "../../core/errors.ts";
import { type Message, message, text } from "../../core/message.ts";
import type { PrivateQuestion } from "../../core/private-question.ts";

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
