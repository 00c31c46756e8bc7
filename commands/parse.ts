import type { Submission } from "../src/core/desk.ts";
import { OpsError } from "../src/core/errors.ts";
import { quoteForMessage } from "../src/core/names.ts";
import { visible } from "../src/core/typed.ts";
import type { Command, CommandOption } from "./command.ts";
import { usageOf } from "./usage.ts";

interface Token {
  readonly text: string;
  /** The name of the option in `name:value`; null for a word by itself. */
  readonly option: string | null;
  readonly quoted: boolean;
}

/** A name, a colon and perhaps a value; `value` keeps its quotes. */
const OPTION = /^([a-z][a-z-]*):(.*)$/is;

/** What people write who know other programs: `--name ada`, `name=ada`. */
const FOREIGN = /^(?:[-–—]{1,2}([a-z][a-z-]*)(?:[=:](.*))?|([a-z][a-z-]*)=(.*))$/is;
const LONGEST_REPEATED = 40;
/** More than any chat takes. */
const LONGEST_LINE = 10_000;

/**
 * Reads a typed line such as `/deploy name:ada size:"x y"`. The slash may be missing, a space may follow the colon, words
 * without a name go to the command's bare options in order, numbers to one that counts, and what is invisible is left out. `confirm:` becomes the confirmation.
 * Nothing is validated here: an unknown command or option is passed on for the desk to refuse.
 * @throws OpsError `input-invalid` for a line that cannot be read.
 */
export function parseLine(line: string, commands: readonly Command[]): Submission {
  if (line.length > LONGEST_LINE) throw unreadable(`That line is longer than ${LONGEST_LINE} characters.`, null);
  const [first, ...rest] = words(straightenQuotes(visible(line)));
  const typed = (first ?? "").replace(/^\//, "");
  const name = typed.toLowerCase();
  if (name === "") throw unreadable("A command is missing.", "Type /help to see the commands.");
  const command = commands.find((candidate) => candidate.name === name);
  const options = new Map<string, string>();
  const { own, last } = apart(rest.map(readToken), command);
  for (const [option, value] of [...pairs(own, command), ...last]) {
    if (options.has(option)) {
      throw unreadable(`${option}: is given twice.`, command ? `Usage: ${usageOf(command)}` : null);
    }
    options.set(option, value);
  }
  const confirmation = options.get("confirm") ?? null;
  options.delete("confirm");
  // What is no command stays as it was typed, so that a credential in the wrong place is still recognised as one.
  return { command: command === undefined ? typed : name, options: Object.fromEntries(options), confirmation };
}

/** The line that `parseLine` reads as this submission. */
export function formatLine(submission: Submission): string {
  const options = Object.entries(submission.options);
  if (submission.confirmation !== null) options.push(["confirm", submission.confirmation]);
  return [`/${submission.command}`, ...options.map(([name, value]) => `${name}:${quote(value)}`)].join(" ");
}

function quote(typed: string): string {
  const value = visible(typed);
  return /^[^\s"'“”„‟‘’‚‛\\]+$/u.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function* pairs(tokens: readonly Token[], command: Command | undefined): Generator<[string, string]> {
  const byName = new Set(tokens.map(({ option }) => option));
  const free = command?.options.filter((option) => option.bare && !byName.has(option.name)) ?? [];
  const taken: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.option === null) {
      // An unknown command is refused as a whole, so its words need no home.
      if (command === undefined) continue;
      checkSpelling(token, tokens[index + 1], command);
      const place = takePlace(free, token);
      if (place === undefined) throw stray(token, taken, command);
      taken.push(`${quoteForMessage(token.text)} as ${place.name}:`);
      yield [place.name, token.text];
    } else if (token.text !== "" || token.quoted) {
      yield [token.option, token.text];
    } else {
      const value = tokens[index + 1];
      if (value === undefined || value.option !== null) throw unreadable(`${token.option}: has no value.`, null);
      index += 1;
      yield [token.option, value.text];
    }
  }
}

/** What belongs to an option that takes all that follows needs no quotes, and holds no options; in quotes its end is known. */
function apart(
  tokens: readonly Token[],
  command: Command | undefined,
): { readonly own: readonly Token[]; readonly last: readonly (readonly [string, string])[] } {
  const name = command?.options.find(({ rest }) => rest)?.name;
  const before = new Set(command?.options.filter(({ bare, rest }) => bare && !rest).map((option) => option.name));
  const start = tokens.findIndex(({ option, quoted }) => {
    if (option === name) return !quoted;
    const [next] = before;
    return !before.delete(option ?? next ?? "") && option === null;
  });
  if (name === undefined || start < 0) return { own: tokens, last: [] };
  const words = tokens.slice(start).map(({ option, text }, index) => {
    return option === null || (index === 0 && option === name) ? text : `${option}:${text}`;
  });
  return { own: tokens.slice(0, start), last: [[name, words.join(" ").trim()]] };
}

/** The next bare option; for a number the next one that counts, for no agent is called by a number. */
function takePlace(free: CommandOption[], { text }: Token): CommandOption | undefined {
  const counting = /^\d+$/.test(text) ? free.findIndex(({ kind }) => kind === "count") : -1;
  return free.splice(Math.max(0, counting), 1)[0];
}

/** @throws OpsError with the right spelling for an option that is written as in other programs. */
function checkSpelling(token: Token, next: Token | undefined, command: Command): void {
  const [, dashed, inside, equated, behind] = (token.quoted ? null : FOREIGN.exec(token.text)) ?? [];
  const name = (dashed ?? equated)?.toLowerCase();
  if (name === undefined) return;
  const option = [...command.options.map((one) => one.name), "confirm"].find((known) => known.startsWith(name));
  if (option === undefined && dashed === undefined) return;
  const value = inside ?? behind ?? (next?.option === null ? next.text : "");
  throw unreadable(
    `Options are written with a colon, not as in ${quoteForMessage(token.text)}.`,
    option === undefined || value === ""
      ? `Usage: ${usageOf(command)}`
      : `Type /${command.name} ${option}:${quote(value.slice(0, LONGEST_REPEATED))}`,
  );
}

function stray(token: Token, taken: readonly string[], command: Command): OpsError {
  const told = taken.length === 0 ? "" : `takes ${taken.join(" and ")}, and `;
  const usage = `Usage: ${usageOf(command)}`;
  return unreadable(`/${command.name} ${told}has no use for ${quoteForMessage(token.text)}.`, usage);
}

function readToken(word: string): Token {
  const match = OPTION.exec(word);
  const raw = match === null ? word : (match[2] ?? "");
  return { option: match?.[1]?.toLowerCase() ?? null, text: unquote(raw), quoted: /["']/.test(raw) };
}

/** Splits at spaces outside quotes; quotes are kept. */
function words(line: string): string[] {
  const found: string[] = [];
  let word: string | null = null;
  let open: string | null = null;
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (open === null && char === " ") {
      if (word !== null) found.push(word);
      word = null;
      continue;
    }
    word = (word ?? "") + char;
    if (open === '"' && char === "\\") {
      index += 1;
      word += line.charAt(index);
    } else if (open === null && (char === '"' || (char === "'" && !isApostrophe(word)))) open = char;
    else if (char === open) open = null;
  }
  if (open !== null) {
    throw unreadable(`A ${open} is missing at the end.`, 'Quotes come in pairs, as in size:"two words".');
  }
  if (word !== null) found.push(word);
  return found;
}

/** `word` ends with it: behind a letter, as in don't. */
function isApostrophe(word: string): boolean {
  return /\p{L}'$/u.test(word);
}

/** Phones type curly quotes, which mean the straight ones, unless they are quoted themselves. */
function straightenQuotes(line: string): string {
  return line.replace(
    /"(?:[^"\\]|\\.)*"|'[^']*'|[“”„‟]([^“”„‟"]*)[“”„‟"]|[‘’‚‛]([^‘’‚‛']*)[‘’‚‛']/gu,
    (quoted, double: string | undefined, single: string | undefined) => {
      if (double !== undefined) return `"${double}"`;
      return single === undefined ? quoted : `'${single}'`;
    },
  );
}

function unquote(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double: string | undefined, single: string | undefined) =>
    double === undefined ? (single ?? "") : double.replace(/\\(.)/gs, "$1"),
  );
}

function unreadable(userMessage: string, hint: string | null): OpsError {
  return new OpsError({ code: "input-invalid", userMessage, hint });
}
