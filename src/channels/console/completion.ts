import type { Command } from "../../../commands/command.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk } from "../../core/desk.ts";

/** What may stand in place of `partial`, the end of the line. */
export interface Completion {
  readonly candidates: readonly string[];
  readonly partial: string;
}

interface Parts {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly commands: readonly Command[];
}

/** Completes commands, option names and option values at the end of `line`. May throw what the desk throws. */
export async function completeLine(parts: Parts, line: string): Promise<Completion> {
  const words = line.trimStart().split(/\s+/);
  const partial = words.at(-1) ?? "";
  const [first = ""] = words;
  if (words.length === 1) return completeCommand(parts.commands, first);

  const command = parts.commands.find((candidate) => `/${candidate.name}` === slashed(first).toLowerCase());
  if (command === undefined) return { candidates: [], partial };
  const values = async (option: string, prefix: string) =>
    (await parts.desk.complete(parts.actor, command.name, option, prefix)).map((choice) => choice.value);

  const inside = /^([a-z-]+):(.*)$/i.exec(partial);
  if (inside !== null) {
    const [, option = "", prefix = ""] = inside;
    const found = await values(option.toLowerCase(), prefix);
    return { candidates: found.map((value) => `${option}:${value} `), partial };
  }
  const dangling = /^([a-z-]+):$/i.exec(words.at(-2) ?? "");
  if (dangling?.[1] !== undefined) {
    return { candidates: (await values(dangling[1].toLowerCase(), partial)).map((value) => `${value} `), partial };
  }
  const given = new Set(words.slice(1, -1).map((word) => word.split(":")[0]?.toLowerCase()));
  const names = command.options.map((option) => option.name).filter((name) => !given.has(name));
  const bare = words.length === 2 ? command.options.find((option) => option.bare) : undefined;
  const bareValues = bare === undefined ? [] : await values(bare.name, partial);
  return {
    candidates: [
      ...names.filter((name) => name.startsWith(partial.toLowerCase())).map((name) => `${name}:`),
      ...bareValues.map((value) => `${value} `),
    ],
    partial,
  };
}

function completeCommand(commands: readonly Command[], partial: string): Completion {
  const wanted = slashed(partial).toLowerCase();
  const names = commands.map((command) => `/${command.name}`).filter((name) => name.startsWith(wanted));
  return { candidates: names.map((name) => `${name} `), partial };
}

function slashed(word: string): string {
  return word.startsWith("/") ? word : `/${word}`;
}
