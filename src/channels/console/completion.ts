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
    return inPlaceOf(
      partial,
      found.map((value) => `${option}:${value} `),
      prefix,
    );
  }
  const dangling = /^([a-z-]+):$/i.exec(words.at(-2) ?? "");
  if (dangling?.[1] !== undefined) {
    const found = await values(dangling[1].toLowerCase(), partial);
    return inPlaceOf(
      partial,
      found.map((value) => `${value} `),
    );
  }
  const given = new Set(words.slice(1, -1).map((word) => word.split(":")[0]?.toLowerCase()));
  const names = command.options.map((option) => option.name).filter((name) => !given.has(name));
  const bare = words.length === 2 ? command.options.find((option) => option.bare) : undefined;
  const bareValues = bare === undefined ? [] : await values(bare.name, partial);
  return inPlaceOf(partial, [
    ...names.filter((name) => name.startsWith(partial.toLowerCase())).map((name) => `${name}:`),
    ...bareValues.map((value) => `${value} `),
  ]);
}

/**
 * What goes on from `partial`; only where nothing does, what has `typed`, its end, somewhere else. Of several such, what was typed must not
 * be lost to what they begin with: then it is one of them, and they are only listed.
 */
function inPlaceOf(partial: string, candidates: readonly string[], typed = partial): Completion {
  const wanted = partial.toLowerCase();
  const onward = candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  if (onward.length > 0 || candidates.length < 2)
    return { candidates: onward.length > 0 ? onward : candidates, partial };
  const isKept = commonStart(candidates).toLowerCase().includes(typed.toLowerCase());
  return { candidates: isKept ? candidates : [partial, ...candidates], partial };
}

function commonStart([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

function completeCommand(commands: readonly Command[], partial: string): Completion {
  const wanted = slashed(partial).toLowerCase();
  const names = commands.map((command) => `/${command.name}`).filter((name) => name.startsWith(wanted));
  return { candidates: names.map((name) => `${name} `), partial };
}

function slashed(word: string): string {
  return word.startsWith("/") ? word : `/${word}`;
}
