import type { Command, CommandOption } from "./command.ts";

/**
 * One line such as `/logs AGENT [LINES]`: words in capitals stand for values, which may be given with the option's name or without;
 * what is in brackets may be left out.
 */
export function usageOf(command: Command): string {
  return [`/${command.name}`, ...command.options.map(usageOfOption)].join(" ");
}

/** More choices than this are better completed than listed. */
const MOST_LISTED = 3;

function usageOfOption(option: CommandOption): string {
  const choices = option.choices ?? [];
  const isListed = choices.length > 0 && choices.length <= MOST_LISTED;
  const bare = isListed ? choices.join("|") : option.name.toUpperCase();
  const shown = option.bare ? bare : `${option.name}:${isListed ? bare : ""}`;
  return option.required ? shown : `[${shown}]`;
}
