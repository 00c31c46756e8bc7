import type { Command } from "./command.ts";

/** Knows the other commands only by name, so that they can be completed. */
export function createHelp(others: readonly Command[]): Command {
  return {
    name: "help",
    summary: "List the commands, or explain one",
    options: [
      {
        name: "command",
        summary: "The command to explain",
        kind: "choice",
        required: false,
        choices: [...others.map((command) => command.name), "help"],
        bare: true,
      },
    ],
    request: (values) => ({ type: "help", command: values.text("command") }),
    confirmation: () => null,
  };
}
