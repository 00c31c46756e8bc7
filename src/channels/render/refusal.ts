import type { OpsError } from "../../core/errors.ts";
import { type Message, message, text } from "../../core/message.ts";

/** Refusals are nobody else's business. */
export function renderRefusal(error: OpsError): Message {
  return message(
    error.userMessage,
    "bad",
    [
      text(error.hint),
      { type: "log", lines: error.evidence },
      text(error.retry === "later" ? "It may work in a moment." : null),
    ],
    { private: true },
  );
}
