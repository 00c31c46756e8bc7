import type { Submission } from "../src/core/desk.ts";
import { OpsError } from "../src/core/errors.ts";
import { quoteForMessage } from "../src/core/names.ts";
import { readable, visible, withoutEscapes } from "../src/core/typed.ts";
import type { Command, CommandOption } from "./command.ts";
import { isQuote, straightenQuotes, unquote, type Word, wordAt } from "./line-words.ts";
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
  const typed = withoutEscapes(line);
  const straight = straightenQuotes(typed);
  const first = wordAt(straight, 0);
  const called = visible(first?.text ?? "").replace(/^\//, "");
  const name = called.toLowerCase();
  if (name === "") throw unreadable("A command is missing.", "Type /help to see the commands.");
  const command = commands.find((candidate) => candidate.name === name);
  const options = new Map<string, string>();
  const { tokens, rest } = readTokens(straight, first?.end ?? 0, command);
  const last = rest === null ? [] : [[rest.option, readable(typed.slice(rest.start)).trim()] as const];
  for (const [option, value] of [...pairs(tokens, command), ...last]) {
    if (options.has(option)) {
      throw unreadable(`${option}: is given twice.`, command ? `Usage: ${usageOf(command)}` : null);
    }
    options.set(option, value);
  }
  const confirmation = options.get("confirm") ?? null;
  options.delete("confirm");
  // What is no command stays as it was typed, so that a credential in the wrong place is still recognised as one.
  return { command: command === undefined ? called : name, options: Object.fromEntries(options), confirmation };
}

/** The line that `parseLine` reads as this submission. */
export function formatLine(submission: Submission): string {
  const options = Object.entries(submission.options);
  if (submission.confirmation !== null) options.push(["confirm", submission.confirmation]);
  return [`/${submission.command}`, ...options.map(([name, value]) => `${name}:${quote(value)}`)].join(" ");
}

function quote(typed: string): string {
  const value = readable(typed);
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

/** Words and options up to where an option begins that takes all that follows, as it was typed: it needs no quotes, and holds no options. */
function readTokens(line: string, from: number, command: Command | undefined) {
  const last = command?.options.find(({ rest }) => rest)?.name ?? null;
  const before = new Set(command?.options.filter(({ bare, rest }) => bare && !rest).map((option) => option.name));
  const tokens: Token[] = [];
  for (let word = wordAt(line, from); word !== null; word = wordAt(line, word.end)) {
    const token = tokenOf(word.text, last);
    const start = last === null ? null : startOfRest(line, word, token, { last, before });
    if (last !== null && start !== null) return { tokens, rest: { option: last, start } };
    if (word.missing !== null) {
      throw unreadable(`A ${word.missing} is missing at the end.`, 'Quotes come in pairs, as in size:"two words".');
    }
    if (token.text !== "" || token.option !== null || token.quoted) tokens.push(token);
  }
  return { tokens, rest: null };
}

/** Where `last` begins if it does with this word; null: the word is one of those `before`, which it is taken from, or an option in quotes, whose end is known. */
function startOfRest(
  line: string,
  word: Word,
  token: Token,
  { last, before }: { readonly last: string; readonly before: Set<string> },
): number | null {
  const isClosed = token.quoted && word.missing === null;
  if (token.option === last) return isClosed ? null : line.indexOf(":", word.start) + 1;
  if (before.delete(token.option ?? [...before][0] ?? "")) return null;
  // An option that there is not, while others are missing, is refused by name.
  if (token.option !== null && before.size > 0) return null;
  const isAlone = isClosed && isQuote(word.text) && wordAt(line, word.end) === null;
  return isAlone ? null : word.start;
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

/** `last`: the option whose text is for somebody else. */
function tokenOf(word: string, last: string | null): Token {
  const token = readToken(visible(word));
  const isText = last !== null && (token.option === last || (token.option === null && isQuote(word)));
  return isText ? { ...token, text: readToken(readable(word)).text } : token;
}

function readToken(word: string): Token {
  const match = OPTION.exec(word);
  const raw = match === null ? word : (match[2] ?? "");
  return { option: match?.[1]?.toLowerCase() ?? null, text: unquote(raw), quoted: /["']/.test(raw) };
}

function unreadable(userMessage: string, hint: string | null): OpsError {
  return new OpsError({ code: "input-invalid", userMessage, hint });
}
