import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";

export interface ChatServers extends AsyncDisposable {
  readonly discord: DiscordServer;
  readonly telegram: TelegramServer;
  /** The part of creel.yaml that leads to them, with these people as owners, and the environment it refers to. */
  readonly settings: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when a bot is connected to both. */
  connected(): Promise<void>;
}

export interface Owner {
  readonly discord: { readonly id: string; readonly name: string };
  readonly telegram: number;
}

export function someOwners(count: number): Owner[] {
  return Array.from({ length: count }, (_, index) => ({
    discord: { id: String(100_000_000_000_000_000n + BigInt(index)), name: `Owner ${index}` },
    telegram: 7000 + index,
  }));
}

/** `limits` false: a hundred people at once are more than Telegram lets one bot answer in a second. */
export async function startChatServers(owners: readonly Owner[], limits: boolean): Promise<ChatServers> {
  const discord = await startDiscordServer({ identifyIntervalMs: 0 });
  const telegram = await startTelegramServer({ limits, patienceMs: 120_000 });
  for (const { discord: person, telegram: id } of owners) telegram.addPerson({ id, name: person.name });
  const users = owners.map(({ discord: { id } }) => `"${id}"`).join(", ");
  return {
    discord,
    telegram,
    settings: [
      `owners: { discord: { users: [${users}] }, telegram: [${owners.map((owner) => owner.telegram).join(", ")}] }`,
      `discord: { token: "env:DISCORD", guilds: ["${discord.guildId}"], api: "${discord.api}" }`,
      `telegram: { token: "env:TELEGRAM", apiRoot: "${telegram.apiRoot}" }\n`,
    ].join("\n"),
    environment: { DISCORD: discord.token, TELEGRAM: telegram.token },
    async connected() {
      await discord.when(() => discord.connected > 0 && discord.commands().length > 0);
      await telegram.waitFor(() => telegram.polling);
    },
    async [Symbol.asyncDispose]() {
      await telegram[Symbol.asyncDispose]();
      await discord[Symbol.asyncDispose]();
    },
  };
}
