import { message, text } from "../src/core/message.ts";
import { asks, type Question, type QuestionPorts } from "../src/questions/question.ts";
import type { Command, CommandOption } from "./command.ts";
import { usageOf } from "./usage.ts";
import { findCommand } from "./validate.ts";

interface Entry {
  readonly usage: string;
  readonly summary: string;
}

/** Knows the other commands, so that they can be completed and explained. */
export function createHelp(others: readonly Command[]): Command {
  const help: Command = {
    name: "help",
    summary: "List the commands, or explain one",
    label: "Help",
    tone: "plain",
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
    request: (values) => asks(helpAbout([...others, help]), { about: values.text("command") }),
  };
  return help;
}

/** `about` null: all of them. */
function helpAbout(commands: readonly Command[]): Question<{ readonly about: string | null }, readonly Entry[]> {
  return {
    async ask({ services }, { about }) {
      if (about === null) return commands.map((command) => ({ usage: usageOf(command), summary: command.summary }));
      const command = findCommand(about, commands);
      const options = await Promise.all(
        command.options.map(async (option) => ({ usage: `${option.name}:`, summary: await explain(option, services) })),
      );
      return [{ usage: usageOf(command), summary: command.summary }, ...options];
    },
    show(entries) {
      const fields = entries.map(({ usage, summary }) => ({ name: usage, value: summary }));
      const [first] = entries;
      // The help of one command starts with the command; its options follow.
      if (first !== undefined && entries.slice(1).every((entry) => !entry.usage.startsWith("/"))) {
        const blocks = [text(`${first.summary}.`), { type: "fields" as const, fields: fields.slice(1) }];
        return message(first.usage, "plain", blocks, { private: true });
      }
      const hint = text(
        "CAPITALS stand for values, which may also be given by name: /logs ada 5 is /logs agent:ada lines:5. What is in [brackets] may be left out. /help deploy explains one.",
      );
      return message("Commands", "plain", [{ type: "fields", fields }, hint], { private: true });
    },
  };
}

/** What an option is, and what may be chosen where a provider offers it. */
async function explain({ summary, offers }: CommandOption, services: QuestionPorts): Promise<string> {
  if (offers === undefined) return summary;
  // A provider that is away is no reason to explain nothing.
  const [first, ...others] = await offers(services).catch(() => []);
  if (first === undefined) return summary;
  return `${summary}: ${[`${first.label} unless told`, ...others.map(({ label }) => label)].join(", ")}`;
}
