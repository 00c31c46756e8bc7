import type { Command } from "../../../commands/command.ts";
import { formatLine } from "../../../commands/parse.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk, Submission } from "../../core/desk.ts";
import type { Message } from "../message.ts";
import { renderChoices } from "../render/chat.ts";

/** Options whose values the desk can list. */
const LISTED = ["agent", "operation", "choice"];
/** As many buttons as Discord shows under one message: five rows of five. */
const MOST_CHOICES = 25;

/**
 * The values to choose from when the first option that is missing can be chosen; null when nothing is missing, or there is nothing to
 * offer, such as to strangers: then the desk says what is wrong.
 */
export async function offerChoices(
  { desk, commands }: { readonly desk: Desk; readonly commands: readonly Command[] },
  actor: Actor,
  submission: Submission,
): Promise<Message | null> {
  const command = commands.find(({ name }) => name === submission.command);
  const missing = command?.options.find(({ name, required }) => required && !Object.hasOwn(submission.options, name));
  if (command === undefined || missing === undefined || !LISTED.includes(missing.kind)) return null;
  const choices = await desk.complete(actor, command.name, missing.name, "");
  if (choices.length === 0) return null;
  return renderChoices(missing.name, choices.slice(0, MOST_CHOICES), (value) =>
    formatLine({ ...submission, options: { ...submission.options, [missing.name]: value } }),
  );
}
