import { formatAgo, formatDuration } from "../../core/measures.ts";
import { type Action, command, type Message, message, text } from "../../core/message.ts";

/** When Creel was not there, in milliseconds since 1970. */
export interface Absence {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LateWord {
  readonly how: "wrote" | "pressed";
  readonly line: string;
  /** null: the chat does not say when. */
  readonly atMs: number | null;
}

/** With less, nobody was away: the chat did not wait. */
const LONG_MS = 3 * 60_000;
/** As many buttons as Discord shows under one message, with one to leave them. */
const MOST = 24;
const LEAVE: Action["does"] = { type: "leave" };

/** Asks whether what somebody wrote long ago is still wanted. */
export function renderLate(words: readonly LateWord[], absence: Absence | null, nowMs: number): Message {
  const [first] = words;
  const why = text(absence === null ? null : awayWords(absence));
  if (first !== undefined && words.length === 1) {
    return message(titleOf(first, nowMs), "question", [text(first.line), why], {
      actions: [
        { label: "Do it now", tone: "good", does: { type: "again", line: first.line } },
        { label: "Leave it", tone: "plain", does: LEAVE },
      ],
    });
  }
  const items = words.map(({ line, atMs }) => (atMs === null ? line : `${line}, ${formatAgo(nowMs - atMs)}`));
  return message(
    "You asked for these while I was away.",
    "question",
    [{ type: "list", title: "Nothing of it was done. Do now:", items }, why],
    {
      actions: [
        ...words.slice(0, MOST).map(({ line }) => command(line, line)),
        { label: "Leave them", tone: "plain", does: LEAVE },
      ],
    },
  );
}

function titleOf({ how, atMs }: LateWord, nowMs: number): string {
  if (atMs === null) return `You ${how} this while I was away.`;
  const ago = formatAgo(nowMs - atMs);
  return nowMs - atMs < LONG_MS
    ? `You ${how} this ${ago}; it reached me too late.`
    : `You ${how} this ${ago}, while I was away.`;
}

/** To somebody whose answer to a question waited: whether it is open is told by pressing again. */
export function renderPressedLate(): Message {
  return message(
    "Nothing was done.",
    "plain",
    [text("You pressed this while I was away. Press it again if you still want it.")],
    {
      private: true,
    },
  );
}

/** Instead of an answer that only one person may read, when the chat does not show it to them any more. */
export function renderTooLate(): Message {
  return message("My answer came too late to be shown to you alone.", "plain", [text("Give the command again.")]);
}

export function renderAway(absence: Absence): Message {
  return message("I am back.", "plain", [text(awayWords(absence))]);
}

function awayWords({ fromMs, toMs }: Absence): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " "));
  return `I was away from ${from} to ${to} UTC (${formatDuration(toMs - fromMs)}).`;
}
