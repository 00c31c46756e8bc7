/** Text without line ends, control characters or anything else that misleads; its own markup is still to be escaped. Never empty. */
export interface Piece {
  readonly text: string;
  /** code: what people copy, and what a chat would make a link, a mention or a command of. */
  readonly look: "plain" | "strong" | "code" | "detail" | "time" | "place";
  /** Only for `time`: milliseconds since 1970. */
  readonly atMs?: number;
}

/** A command as it is typed, with its options, also those of a usage. */
const COMMAND = String.raw`(?<![^\s"'“‘(\[•])/[a-z][a-z-]*(?: (?:[a-z]+:[^\s]*|\[[a-zA-Z|: ]+\]|[A-Z]{2,}(?![\p{L}\p{N}_])))*(?![\p{L}\p{N}_@/])`;
const OF_VAULT = String.raw`secrets (?:list|export|(?:set|rm) [\w.-]*\w)`;
const OF_AGENT = `(?:open [a-z0-9-]*[a-z0-9]|ssh [a-z0-9-]*[a-z0-9](?: podman exec [a-z -]+ CODE)?)`;
/** What is typed in a shell. */
const PROGRAM = String.raw`(?<![\w/-])creel (?:start|init|doctor|adopt|worker|${OF_VAULT}|${OF_AGENT})(?![\w-])`;
/** At least seven digits, which would be a number to call or of a card: ids, dates, amounts. */
const DIGITS = String.raw`[+]?\d(?:[ ()-]{0,2}\d){6,}(?::\d\d){0,2}`;
const WORD = String.raw`["'“‘(\[•]+(?=/)|\S+`;
/** The leftmost of these, and the first of them that is there. */
const FOUND = new RegExp(`(${COMMAND})|(${PROGRAM})|(${WORD})`, "gu");
const DIGIT_RUN = new RegExp(DIGITS, "gu");

/** Signs around a word that are no part of it. */
const BEFORE = new Set("(\"'“‘«[{<•");
const AFTER = new Set(")\"'”’»]}>.,;:!?…");
const LONGEST_ID = 80;
/** A version or an amount: not a host's name, which has a letter in it or four numbers. */
const AMOUNT = /^[~≈=-]?\d+(?:\.\d+){1,2}%?$/u;
/** What starts a mention, a tag, a command, a number to call or a link in a chat, and a dot that could be one of a host's name. */
const TAPPABLE = /@(?=\w)|#(?=\S)|\$(?=[A-Z0-9])|(?<![A-Za-z0-9_])\/(?=[A-Za-z0-9_])|:\/\/|\+(?=\d)|\.(?=[^\s.])/u;
/** Ids of operations, hosts, images and people, and addresses with colons: letters and digits that mean nothing to a reader. */
const ID =
  /^(?:(?=\D*\d)[0-9a-z]{16}|[0-9a-f]{12,}|[a-z][a-z0-9-]*-(?=[a-z]*\d)[0-9a-z]{6}|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+)$/iu;

/** Parts a clean line into what is read and what is copied. What is not copied holds nothing that a chat would make clickable. */
export function piecesOf(clean: string, look: "plain" | "strong" | "detail" = "plain"): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  const put = (text: string, as: Piece["look"]) => {
    const last = pieces.at(-1);
    if (text === "") return;
    if (last !== undefined && last.look === as) pieces[pieces.length - 1] = { text: last.text + text, look: as };
    else pieces.push({ text, look: as });
  };
  for (const [start, stop] of copied(clean)) {
    put(clean.slice(end, start), look);
    put(clean.slice(start, stop), "code");
    end = stop;
  }
  put(clean.slice(end), look);
  return pieces;
}

/** Where what is copied starts and stops, in order and without overlaps. */
function copied(clean: string): (readonly [number, number])[] {
  const spans = [...inWords(clean), ...[...clean.matchAll(DIGIT_RUN)].map((run) => widened(clean, run))];
  const ordered = spans.toSorted(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [start, stop] of ordered) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], stop);
    else merged.push([start, stop]);
  }
  return merged;
}

/** To the ends of the words it is in, so that a link does not begin in the middle of one. */
function widened(clean: string, { index, 0: run }: RegExpExecArray): readonly [number, number] {
  const before =
    /(?<![\p{L}\p{N}_+-])[\p{L}\p{N}_+-]*$/u.exec(clean.slice(Math.max(0, index - 64), index))?.[0].length ?? 0;
  const after = /^[\p{L}\p{N}_-]*/u.exec(clean.slice(index + run.length))?.[0].length ?? 0;
  return [index - before, index + run.length + after];
}

function* inWords(clean: string): Generator<readonly [number, number]> {
  for (const { index, 1: command, 2: program, 3: word } of clean.matchAll(FOUND)) {
    const whole = command ?? program ?? "";
    // A full stop after a command's last option ends the sentence.
    if (whole !== "") yield [index, index + endOf(whole, 0, ":")];
    else if (word !== undefined && isCopied(word)) {
      const start = startOfWord(word);
      const stop = endOf(word, start);
      const isInside = isCopied(word.slice(start, stop));
      yield isInside ? [index + start, index + stop] : [index, index + word.length];
    }
  }
}

function startOfWord(word: string): number {
  let start = 0;
  while (start < word.length && BEFORE.has(word.charAt(start))) start += 1;
  return start;
}

/** Where the signs at the end begin; `kept` is no such sign. */
function endOf(word: string, start: number, kept = ""): number {
  let stop = word.length;
  while (stop > start && AFTER.has(word.charAt(stop - 1)) && word.charAt(stop - 1) !== kept) stop -= 1;
  return stop;
}

function isCopied(word: string): boolean {
  const start = startOfWord(word);
  const inside = word.slice(start, endOf(word, start));
  if (inside.length <= LONGEST_ID && ID.test(inside)) return true;
  return TAPPABLE.test(word) && !AMOUNT.test(inside);
}
