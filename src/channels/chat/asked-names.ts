import type { Command } from "../../../commands/command.ts";
import { isGreeting } from "../../../commands/greeting.ts";
import { parseLine } from "../../../commands/parse.ts";
import { plainName } from "../../../commands/understand.ts";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { Submission } from "../../core/desk.ts";
import { isAgentName } from "../../core/names.ts";
import type { Clock } from "./clock.ts";

/** As long as questions are open. */
const OPEN_MS = 2 * 60_000;

/** Names that were asked for: what each person says next in the same place is the name. Forgotten with the process. */
export interface AskedNames {
  ask(actor: Actor, place: Place, line: string): void;
  /** What the words complete; null when no name was asked for lately, or this cannot be one. Once. */
  completed(actor: Actor, place: Place, submission: Submission): Submission | null;
}

export function createAskedNames(commands: readonly Command[], clock: Clock): AskedNames {
  const asked = new Map<string, { readonly line: string; readonly untilMs: number }>();
  const keyOf = (actor: Actor, place: Place) => JSON.stringify([actor.user, place.chat, place.topic]);
  return {
    ask: (actor, place, line) => void asked.set(keyOf(actor, place), { line, untilMs: clock.elapsed() + OPEN_MS }),
    completed(actor, place, submission) {
      const open = asked.get(keyOf(actor, place));
      const name = plainName(submission.options.words ?? "");
      if (open === undefined || !isGreeting(submission) || !isAgentName(name)) return null;
      asked.delete(keyOf(actor, place));
      return clock.elapsed() > open.untilMs ? null : parseLine(`${open.line} name:${name}`, commands);
    },
  };
}
