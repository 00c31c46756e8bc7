import type { Command } from "../../../commands/command.ts";
import { formatLine } from "../../../commands/parse.ts";
import { missingOption } from "../../../commands/read.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk, Submission } from "../../core/desk.ts";
import type { Message } from "../../core/message.ts";
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
  const missing = missingOption(submission, commands);
  if (missing === null || !LISTED.includes(missing.kind)) return null;
  const choices = await desk.complete(actor, submission.command, missing.name, "");
  if (choices.length === 0) return null;
  return renderChoices(missing.name, choices.slice(0, MOST_CHOICES), (value) =>
    formatLine({ ...submission, options: { ...submission.options, [missing.name]: value } }),
  );
}

/** Whether only the name of a new agent is missing, which nobody can choose from a list. Not for strangers, whom the desk answers. */
export async function isNameWanted(
  { desk, commands }: { readonly desk: Desk; readonly commands: readonly Command[] },
  actor: Actor,
  submission: Submission,
): Promise<boolean> {
  if (missingOption(submission, commands)?.kind !== "new-agent") return false;
  // The same list for everybody but strangers, for whom there is none.
  return (await desk.complete(actor, "help", "command", "")).length > 0;
}
