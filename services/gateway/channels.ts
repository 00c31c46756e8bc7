import { z } from "zod";
import { rpcFailed } from "./failures.ts";
import type { RpcSession } from "./rpc.ts";
import type { ChannelLook } from "./talk.ts";
import { oneLine } from "./talk-failures.ts";

const statusSchema = z.object({
  channelAccounts: z.record(
    z.string(),
    z.array(z.object({ running: z.boolean().optional(), lastError: z.string().nullish() })),
  ),
});

/** What OpenClaw writes beside a channel that it holds back after three starts that ended badly within five minutes. */
const HELD_BACK = /restart-loop breaker|crash-loop breaker/;

type Session = Pick<RpcSession, "call">;

function statusOf(session: Session): Promise<unknown> {
  return session.call("channels.status", {});
}

/** The channels that the gateway has not started because it ended badly several times; empty when all is as it should be. */
export async function channelsHeldBackBy(session: Session): Promise<readonly string[]> {
  return heldBackIn(await statusOf(session));
}

function heldBackIn(answer: unknown): readonly string[] {
  const status = statusSchema.safeParse(answer);
  if (!status.success) return [];
  return Object.entries(status.data.channelAccounts).flatMap(([channel, accounts]) =>
    accounts.some(({ running, lastError }) => running !== true && HELD_BACK.test(lastError ?? "")) ? [channel] : [],
  );
}

/** Starts them in spite of that. */
export async function startHeldBack(session: Session): Promise<readonly string[]> {
  const channels = await channelsHeldBackBy(session);
  for (const channel of channels) await session.call("channels.start", { channel });
  return channels;
}

const who = z.object({ username: z.string() });
const account = z.object({
  enabled: z.boolean().optional(),
  configured: z.boolean().optional(),
  running: z.boolean().optional(),
  connected: z.boolean().optional(),
  lastError: z.string().nullish(),
  lifecycle: z.string().nullish().catch(null),
  lastDisconnect: z
    .object({ status: z.number().nullish().catch(null) })
    .nullish()
    .catch(null),
  bot: who.nullish().catch(null),
});
const looks = z.object({
  channelAccounts: z.record(z.string(), z.array(account)),
});

/** How every channel is that is set up; of one with several accounts, as the worst of them is. */
export async function channelLooks(session: Session): Promise<readonly ChannelLook[]> {
  const found = looksIn(await statusOf(session));
  if (found === null) throw rpcFailed("it does not tell how its channels are");
  return found;
}

/** Both at once. `looks` null: it does not tell how they are. @throws as `call` does. */
export async function lookAtChannels(session: Session) {
  const answer = await statusOf(session);
  return { looks: looksIn(answer), heldBack: heldBackIn(answer) };
}

function looksIn(answer: unknown): readonly ChannelLook[] | null {
  const status = looks.safeParse(answer);
  if (!status.success) return null;
  const found = Object.entries(status.data.channelAccounts).flatMap(([channel, accounts]) => {
    const [worst] = accounts
      .filter(({ configured }) => configured !== false)
      .map((one) => lookOf(oneLine(channel), one))
      .sort((one, other) => SEVERITY.indexOf(one.state) - SEVERITY.indexOf(other.state));
    return worst === undefined ? [] : [worst];
  });
  return found.sort((one, other) => one.channel.localeCompare(other.channel));
}

/** Codes with which Discord closes a bot's connection for good, and what helps. Source: Discord API, "Gateway Close Event Codes". */
const CLOSED_WITH = new Map([
  [4004, "Discord does not take its token any more"],
  [
    4014,
    "Discord does not give it all that it asks for, which is switched on in the Developer Portal under Bot → Privileged Gateway Intents",
  ],
]);

const SEVERITY = ["failed", "connecting", "connected", "off"] as const;

function lookOf(channel: string, its: z.output<typeof account>): ChannelLook {
  const bot = its.bot == null ? null : oneLine(its.bot.username);
  if (its.enabled === false) return { channel, state: "off", bot, why: null };
  const told = channel === "discord" ? CLOSED_WITH.get(its.lastDisconnect?.status ?? 0) : undefined;
  // Turned away for good, it may have no error of its own any more.
  const error = its.lastError || (its.lifecycle === "blocked" ? "it was turned away" : null);
  const why = error === null ? null : (told ?? oneLine(error));
  if (its.running === true && its.connected === true) return { channel, state: "connected", bot, why: null };
  return { channel, state: why === null ? "connecting" : "failed", bot, why };
}
