import type { Submission } from "../src/core/desk.ts";
import { OpsError } from "../src/core/errors.ts";
import { quoteForMessage } from "../src/core/names.ts";
import type { Command } from "./command.ts";
import { usageOf } from "./usage.ts";

interface Token {
  readonly text: string;
  /** The name of the option in `name:value`; null for a word by itself. */
  readonly option: string | null;
  readonly quoted: boolean;
}

/** A name, a colon and perhaps a value; `value` keeps its quotes. */
const OPTION = /^([a-z][a-z-]*):(.*)$/is;

/**
 * Reads a typed line such as `/deploy name:ada size:"x y"`. The slash may be missing, a space may follow the colon, and one
 * word without a name goes to the command's bare option. `confirm:` becomes the confirmation. Nothing is validated here:
 * an unknown command or option is passed on for the desk to refuse.
 * @throws OpsError `input-invalid` for a line that cannot be read.
 */
export function parseLine(line: string, commands: readonly Command[]): Submission {
  const [first, ...rest] = words(line);
  const typed = (first ?? "").replace(/^\//, "");
  const name = typed.toLowerCase();
  if (name === "") throw unreadable("A command is missing.", "Type /help to see the commands.");
  const command = commands.find((candidate) => candidate.name === name);
  const options = new Map<string, string>();
  for (const [option, value] of pairs(rest.map(readToken), command)) {
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

function quote(value: string): string {
  return /^[^\s"'\\]+$/u.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function* pairs(tokens: readonly Token[], command: Command | undefined): Generator<[string, string]> {
  const bare = command?.options.find((option) => option.bare)?.name;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.option === null) {
      // An unknown command is refused as a whole, so its words need no home.
      if (command === undefined) continue;
      if (bare === undefined) throw stray(token, command);
      yield [bare, token.text];
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

function stray(token: Token, command: Command): OpsError {
  return unreadable(
    `/${command.name} does not know what to do with ${quoteForMessage(token.text)}.`,
    `Usage: ${usageOf(command)}`,
  );
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
    if (open === null && /\s/u.test(char)) {
      if (word !== null) found.push(word);
      word = null;
      continue;
    }
    word = (word ?? "") + char;
    if (open === '"' && char === "\\") {
      index += 1;
      word += line.charAt(index);
    } else if (open === null && (char === '"' || char === "'")) open = char;
    else if (char === open) open = null;
  }
  if (open !== null) {
    throw unreadable(`A ${open} is missing at the end.`, 'Quotes come in pairs, as in size:"two words".');
  }
  if (word !== null) found.push(word);
  return found;
}

function unquote(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double: string | undefined, single: string | undefined) =>
    double === undefined ? (single ?? "") : double.replace(/\\(.)/gs, "$1"),
  );
}

function unreadable(userMessage: string, hint: string | null): OpsError {
  return new OpsError({ code: "input-invalid", userMessage, hint });
}
