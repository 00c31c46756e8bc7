import type { Finding } from "../core/finding.ts";
import { type Message, text } from "../core/message.ts";
import type { Unreadable } from "../core/unreadable.ts";

/** What fits into a sentence. */
const NAMED = 5;

/** `shown`, and that there is more, which cannot be read. */
export function withUnreadable(shown: Message, unreadable: readonly Unreadable[]): Message {
  if (unreadable.length === 0) return shown;
  return {
    ...shown,
    title: `${shown.title} ${unreadableTitle(unreadable)}`,
    tone: "bad",
    blocks: [...shown.blocks, text(unreadableAdvice(unreadable))].filter((block) => block !== null),
  };
}

/** Such as `1 record cannot be read: bob.` */
export function unreadableTitle(unreadable: readonly Unreadable[]): string {
  const names = unreadable.slice(0, NAMED).map(({ name }) => name);
  const more = unreadable.length > NAMED ? ` and ${unreadable.length - NAMED} more` : "";
  return `${unreadable.length === 1 ? "1 record" : `${unreadable.length} records`} cannot be read: ${names.join(", ")}${more}.`;
}

/** What to do about it. */
export function unreadableAdvice(unreadable: readonly Unreadable[]): string {
  const advice: string[] = [];
  if (unreadable.some(({ why }) => why === "newer")) {
    advice.push("What a newer Creel wrote is left as it is: run that version.");
  }
  const broken = unreadable.filter(({ why }) => why === "broken");
  if (broken.some(({ kind }) => kind === "agent")) {
    advice.push("Leave Creel and run creel adopt: it writes broken agents again from their hosts.");
  }
  if (broken.some(({ kind }) => kind !== "agent"))
    advice.push("Leave Creel and run creel doctor: it says what can be done.");
  return advice.join(" ");
}

/** For `creel doctor`, one by one: what it is, and what to do. */
export function unreadableFinding(record: Unreadable): Omit<Finding, "subject"> {
  return { verdict: "problem", ...inWords(record) };
}

const NAMES = {
  agent: "the agent",
  operation: "the operation",
  event: "the event of the history",
  note: "the note",
  key: "the key",
} as const;

function inWords({ kind, name, why }: Unreadable): Pick<Finding, "seen" | "fix"> {
  if (why === "newer") {
    const seen = `The record of ${NAMES[kind]} ${name} was written by a newer Creel.`;
    return { seen, fix: "Run that version of Creel; this one leaves it as it is." };
  }
  if (kind === "key") {
    const seen = `Redis holds something else under ${name} than Creel keeps there.`;
    return { seen, fix: `Move it aside with redis-cli: RENAME ${name} aside:${name}` };
  }
  const fix = {
    agent: "creel adopt writes it again from its host.",
    operation: "Nothing has to be done: Creel goes on without it, and forgets it in time.",
    event: "Nothing has to be done: /history leaves it out.",
    note: "Nothing has to be done: it is written anew when it is needed.",
  }[kind];
  return { seen: `The record of ${NAMES[kind]} ${name} cannot be read.`, fix };
}
