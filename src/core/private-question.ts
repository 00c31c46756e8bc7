import { OpsError } from "./errors.ts";
import type { Secret } from "./secrets.ts";

/** What somebody is asked for where nobody else reads along. Strings are Creel's own. */
export interface PrivateQuestion {
  /** Such as `The key for OpenAI`. At most 45 characters: Discord's dialogs take no more. */
  readonly title: string;
  /** What it is for, and where one gets it: a sentence or two. */
  readonly text: string;
  /** How to say where it is instead, such as `key:vault:NAME`, for who cannot be asked. */
  readonly instead: string;
}

/** Shorter ones are none, and would hide ordinary words in logs. */
const SHORTEST = 8;
/** Far more than any key or token has, and as much as every chat takes in one message. */
const LONGEST = 4_000;

/**
 * What was entered, without the white space around it. The refusals repeat nothing of it. @throws OpsError `input-invalid` for what is empty,
 * too short, far too long, or more than one word.
 */
export function checkEntered(value: string): string {
  const trimmed = value.trim();
  if (trimmed === "") throw refused("Nothing was entered.");
  if (trimmed.length < SHORTEST) throw refused(`That is too short: it has fewer than ${SHORTEST} characters.`);
  if (trimmed.length > LONGEST) throw refused(`That is far too long: it has more than ${LONGEST} characters.`);
  // Also what nobody sees, which is copied along with it from web pages.
  if (!/^[!-~]+$/.test(trimmed)) throw refused("That is not one word of ordinary characters.");
  return trimmed;
}

function refused(userMessage: string): OpsError {
  const hint = "Copy it again, whole and with nothing else, and enter it again.";
  return new OpsError({ code: "input-invalid", userMessage, hint });
}

/** Learns a value, so that it is hidden from now on wherever it would be written. */
export type Learn = (value: Secret) => void;
