import type { Command, CommandOption } from "./command.ts";

/** One line such as `/logs agent: [lines:]`; options in brackets may be left out. */
export function usageOf(command: Command): string {
  return [`/${command.name}`, ...command.options.map(usageOfOption)].join(" ");
}

function usageOfOption(option: CommandOption): string {
  const shown = option.kind === "choice" && option.bare ? (option.choices ?? []).join("|") : `${option.name}:`;
  return option.required ? shown : `[${shown}]`;
}
