import { deploySteps } from "../../src/operations/deploy/steps.ts";
import { canRunHosts, installCreel } from "../e2e/creel.ts";
import { someOwners, startChatServers } from "./chat-servers.ts";
import type { Result } from "./results.ts";

/** How many calls to the chat's service a real `/deploy` on nspawn costs, from the command to its outcome, in each chat. */
export async function chatDeploy(): Promise<Result> {
  if (!canRunHosts()) throw new Error("Hosts under systemd-nspawn need root.");
  await using stack = new AsyncDisposableStack();
  const [owner] = someOwners(1);
  if (owner === undefined) throw new Error("nobody");
  const servers = stack.use(await startChatServers([owner], true));
  const { discord, telegram } = servers;
  const creel = stack.use(installCreel(servers.settings, servers.environment));
  const running = creel.serve("start");
  stack.defer(() => running.end().then(() => undefined));
  await running.printed(/creel: ready/);
  await servers.connected();

  const discordFrom = discord.calls.length;
  discord.run(owner.discord, "deploy", { name: "ada" });
  await discord.when(() => {
    const rooms = discord.messages().flatMap(({ id, threadId }) => [id, threadId ?? ""]);
    const all = [...discord.messages(), ...rooms.flatMap((id) => (id === "" ? [] : discord.messages(id)))];
    return all.some(({ content, embeds }) => JSON.stringify([content, embeds]).includes("Deployed ada in"));
  });
  const inDiscord = discord.calls.slice(discordFrom).map(({ method, route }) => `${method} ${route}`);

  const telegramFrom = telegram.calls.length;
  await telegram.say(owner.telegram, "/deploy name:bob");
  for (;;) if ((await telegram.nextMessage(owner.telegram)).text.includes("Deployed bob in")) break;
  const inTelegram = telegram.calls
    .slice(telegramFrom)
    .map(({ method }) => method)
    .filter((method) => method !== "getUpdates");
  const steps = Object.keys(deploySteps).length;
  return {
    notes: [
      "A real /deploy on nspawn each, with the services' real rate limits; asking Telegram for news is not counted.",
      `A deploy has ${steps} steps, most of them shorter than a second.`,
    ],
    figures: [
      { what: "discord: calls of a /deploy", value: inDiscord.length, unit: "calls", target: steps },
      { what: "telegram: calls of a /deploy", value: inTelegram.length, unit: "calls", target: steps },
    ],
    raw: { discord: tally(inDiscord), telegram: tally(inTelegram) },
  };
}

function tally(calls: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1;
  return counts;
}
