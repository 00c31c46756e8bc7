import type { Command, CommandOption } from "./command.ts";

/** One line such as `/logs agent: [lines:]`; options in brackets may be left out. */
export function usageOf(command: Command): string {
  return [`/${command.name}`, ...command.options.map(usageOfOption)].join(" ");
}

/** More choices than this are better completed than listed. */
const MOST_LISTED = 3;

function usageOfOption(option: CommandOption): string {
  const choices = option.bare ? (option.choices ?? []) : [];
  const listed = choices.length > 0 && choices.length <= MOST_LISTED;
  const shown = listed ? choices.join("|") : `${option.name}:`;
  return option.required ? shown : `[${shown}]`;
}
