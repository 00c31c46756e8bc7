import { OpsError } from "../src/core/errors.ts";
import { parseAgentName, parseOperationId, quoteForMessage } from "../src/core/names.ts";
import { nearest } from "../src/core/nearest.ts";
import { isSecretRef } from "../src/core/secrets.ts";
import { ASKED_ANEW, type Command, type CommandOption, type OptionValues } from "./command.ts";
import { formatLine } from "./parse.ts";
import { usageOf } from "./usage.ts";

const LONGEST_TEXT = 200;
/** Of an option that takes all that follows: about as much as chats take in one message. */
const LONGEST_REST = 4000;

/** @throws OpsError `input-invalid` naming the command that was probably meant. */
export function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = commands.map((candidate) => candidate.name);
  const meant = nearest(name, names);
  throw new OpsError({
    code: "input-invalid",
    userMessage: `There is no command ${quoteForMessage(`/${name}`)}.`,
    hint: meant === null ? "Type /help to see the commands." : `Did you mean /${meant}?`,
  });
}

/** @throws OpsError `input-invalid` for the first option that is unknown, missing or not of its kind. */
export function validateOptions(command: Command, given: Readonly<Record<string, string>>): OptionValues {
  const values = new Map(Object.entries(given));
  for (const name of values.keys()) {
    if (!command.options.some((option) => option.name === name)) throw unknownOption(command, name);
  }
  for (const option of command.options) {
    const value = values.get(option.name);
    if (value !== undefined) checkValue(command, option, value);
    else if (option.required) throw missing(command, option, values);
  }
  const read = <T>(name: string, parse: (text: string) => T): T | null => {
    const value = values.get(name);
    return value === undefined ? null : parse(value);
  };
  return {
    agentName: (name) => read(name, parseAgentName),
    operationId: (name) => read(name, parseOperationId),
    count: (name) => read(name, Number),
    secretRef: (name) => read(name, (text) => (isSecretRef(text) ? text : null)),
    text: (name) => read(name, (text) => text),
  };
}

function checkValue(command: Command, option: CommandOption, value: string): void {
  switch (option.kind) {
    case "new-agent":
    case "agent":
      parseAgentName(value);
      return;
    case "operation":
      parseOperationId(value);
      return;
    case "count":
      checkCount(command, option, value);
      return;
    case "choice":
      checkChoice(command, option, value);
      return;
    case "secret-ref":
      checkSecretRef(option, value);
      return;
    case "text":
      checkText(command, option, value);
  }
}

/** What is none may be the secret itself, so nothing of it is repeated. */
function checkSecretRef({ name }: CommandOption, value: string): void {
  if (isSecretRef(value) || value === ASKED_ANEW) return;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${name}: takes where a secret is, such as vault:NAME, and never the secret itself.`,
    hint: `Leave ${name}: out to be asked for it privately. If what you typed is real, delete it and make a new one.`,
  });
}

function checkText(command: Command, option: CommandOption, value: string): void {
  if (value === "") throw invalid(command, `${option.name}: is empty.`);
  const longest = option.rest === true ? LONGEST_REST : LONGEST_TEXT;
  if (value.length > longest) throw invalid(command, `${option.name}: is longer than ${longest} characters.`);
  if ((option.rest === true ? /(?![\n\t])\p{Cc}/u : /\p{Cc}/u).test(value))
    throw invalid(command, `${option.name}: holds characters that cannot be printed.`);
}

function checkCount(command: Command, option: CommandOption, value: string): void {
  const min = option.min ?? 0;
  const max = option.max ?? Number.MAX_SAFE_INTEGER;
  const count = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (count >= min && count <= max) return;
  throw invalid(command, `${option.name}: takes a whole number from ${min} to ${max}, not ${quoteForMessage(value)}.`);
}

function checkChoice(command: Command, option: CommandOption, value: string): void {
  const choices = option.choices ?? [];
  if (choices.includes(value)) return;
  const meant = nearest(value, choices);
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${option.name}: cannot be ${quoteForMessage(value)}; it is one of ${choices.join(", ")}.`,
    hint: meant === null ? `Usage: ${usageOf(command)}` : `Did you mean ${meant}?`,
  });
}

/** Whoever pressed a button does not know what such a command looks like. */
function missing(command: Command, { name, example }: CommandOption, given: ReadonlyMap<string, string>): OpsError {
  const userMessage = `/${command.name} needs ${name}:`;
  if (example === undefined) return invalid(command, userMessage);
  const line = formatLine({
    command: command.name,
    options: { ...Object.fromEntries(given), [name]: example },
    confirmation: null,
  });
  return new OpsError({ code: "input-invalid", userMessage, hint: `Such as ${line}` });
}

function unknownOption(command: Command, name: string): OpsError {
  const meant = nearest(
    name,
    command.options.map((option) => option.name),
  );
  return new OpsError({
    code: "input-invalid",
    userMessage: `/${command.name} has no option ${quoteForMessage(`${name}:`)}.`,
    hint: meant === null ? `Usage: ${usageOf(command)}` : `Did you mean ${meant}:?`,
  });
}

function invalid(command: Command, userMessage: string): OpsError {
  return new OpsError({ code: "input-invalid", userMessage, hint: `Usage: ${usageOf(command)}` });
}
