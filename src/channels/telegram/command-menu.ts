import type { Api } from "grammy";
import type { Command } from "../../../commands/command.ts";
import { cut } from "../shape/plain-text.ts";

/** Private chats and groups are set, too, because a list that was once set there hides the default one. */
const SCOPES = [{ type: "default" }, { type: "all_private_chats" }, { type: "all_group_chats" }] as const;

/** core.telegram.org/bots/api#botcommand */
interface MenuEntry {
  readonly command: string;
  readonly description: string;
}

/** What clients offer after a slash; core.telegram.org/bots/api#botcommand has the limits. Others can still be typed. */
function menuOf(commands: readonly Command[]): MenuEntry[] {
  return commands
    .filter(({ name }) => /^[a-z0-9_]{1,32}$/.test(name))
    .map(({ name, summary }) => ({ command: name, description: cut(summary, 256) }))
    .slice(0, 100);
}

/** Sets the menu where it is another one. */
export async function registerMenu(api: Api, commands: readonly Command[]): Promise<void> {
  const wanted = menuOf(commands);
  for (const scope of SCOPES) {
    const present = await api.getMyCommands({ scope });
    if (!sameMenu(present, wanted)) await api.setMyCommands(wanted, { scope });
  }
}

function sameMenu(one: readonly MenuEntry[], other: readonly MenuEntry[]): boolean {
  return (
    one.length === other.length &&
    one.every(
      ({ command, description }, index) =>
        command === other[index]?.command && description === other[index]?.description,
    )
  );
}
