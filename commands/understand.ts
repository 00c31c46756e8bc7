import type { Submission } from "../src/core/desk.ts";
import { readable, visible } from "../src/core/typed.ts";
import { ASKED_ANEW, type Command, type CommandOption } from "./command.ts";

/** What phones end words with: a full stop for two spaces, and what people end sentences with. No name has it there. */
const SENTENCE_END = /(?<![.,;!?…])[.,;!?…]+$/;

/**
 * What somebody meant: names and ids in small letters whatever a phone made of them, nothing invisible, no space around. Only what
 * cannot be a difference is taken away; the same again changes nothing.
 */
export function understand(submission: Submission, commands: readonly Command[]): Submission {
  const name = tidy(submission.command);
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  const options = Object.entries(submission.options).map(([option, value]) => {
    const known = command?.options.find((candidate) => candidate.name === option);
    if (known?.kind === "secret-ref" && plainName(value) === ASKED_ANEW) return [option, ASKED_ANEW] as const;
    if (known?.rest === true) return [option, readable(value).trim()] as const;
    return [option, known !== undefined && isOneOfAList(known) ? plainName(value) : tidy(value)] as const;
  });
  const { confirmation } = submission;
  return {
    command: command?.name ?? name,
    options: Object.fromEntries(options),
    confirmation: confirmation === null ? null : tidy(confirmation),
  };
}

/** Names and ids of Creel's, and what providers offer, all of which are in small letters, and numbers: nothing that people write as they like, or that is called by somebody else. */
function isOneOfAList({ kind, offers }: CommandOption): boolean {
  return (kind !== "text" && kind !== "secret-ref") || offers !== undefined;
}

/** A name as it is meant, whatever a phone made of it. */
export function plainName(typed: string): string {
  return tidy(typed).replace(SENTENCE_END, "").toLowerCase();
}

function tidy(text: string): string {
  return visible(text).trim();
}
