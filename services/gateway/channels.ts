import { z } from "zod";
import type { RpcSession } from "./rpc.ts";

const statusSchema = z.object({
  channelAccounts: z.record(
    z.string(),
    z.array(z.object({ running: z.boolean().optional(), lastError: z.string().nullish() })),
  ),
});

/** What OpenClaw writes beside a channel that it holds back after three starts that ended badly within five minutes. */
const HELD_BACK = /restart-loop breaker|crash-loop breaker/;

/** The channels that the gateway has not started because it ended badly several times; empty when all is as it should be. */
export async function channelsHeldBackBy(session: RpcSession): Promise<readonly string[]> {
  const status = statusSchema.safeParse(await session.call("channels.status", {}));
  if (!status.success) return [];
  return Object.entries(status.data.channelAccounts).flatMap(([channel, accounts]) =>
    accounts.some(({ running, lastError }) => running !== true && HELD_BACK.test(lastError ?? "")) ? [channel] : [],
  );
}

/** Starts them in spite of that. */
export async function startHeldBack(session: RpcSession): Promise<readonly string[]> {
  const channels = await channelsHeldBackBy(session);
  for (const channel of channels) await session.call("channels.start", { channel });
  return channels;
}
