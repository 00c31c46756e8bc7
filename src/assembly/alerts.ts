import type { AlertTarget } from "../channels/chat/alert-place.ts";
import { startAlerts } from "../channels/chat/alerts.ts";
import { systemClock } from "../channels/chat/clock.ts";
import { renderDigest } from "../channels/render/care.ts";
import type { ChatName } from "../core/chat.ts";
import type { OpsError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { Digest } from "../core/sight.ts";
import { lastOperationOf } from "../fleet/inspect.ts";
import type { Creel } from "./creel.ts";

/** How far back a digest may have to look for the operations of a day. */
const OPERATIONS = 200;

/** Tells what stands in the places for alerts, whichever process has found it. @returns what stops it, as `startAlerts`. */
export function openAlerts(creel: Creel, targets: readonly AlertTarget[]): { close(): Promise<void> } {
  const { config, tools, store } = creel;
  const { concerns, sights, leases, memory } = store;
  const all = targets.map((target) =>
    startAlerts({
      ...{ target, concerns, sights, leases, memory, clock: systemClock },
      timeZone: config.settings.alerts.timeZone,
      digest: (digest) => composeDigest(creel, digest),
      onError: (error) => tools.log.error(error),
    }),
  );
  return {
    async close() {
      await Promise.all(all.map((each) => each.close()));
    },
  };
}

async function composeDigest({ jobs: { operations } }: Creel, digest: Digest): Promise<Message | null> {
  const { agents, unreadable, images } = digest;
  const recent = await operations.recent({ agent: null, limit: OPERATIONS });
  // Of nothing there is nothing to tell.
  if (agents.length === 0 && recent.length === 0 && unreadable.length === 0) return null;
  const statuses = await Promise.all(
    agents.map(async (seen) => ({ ...seen, lastOperation: await lastOperationOf(operations, seen.agent) })),
  );
  return renderDigest(statuses, recent, digest.atMs, { unreadable, images });
}

/** A chat refuses the bot; null: it takes it. The other chats hear of it. */
export async function noteRefusal({ store, tools }: Creel, chat: ChatName, error: OpsError | null): Promise<void> {
  const key = `chat:${chat}`;
  try {
    if (error === null) return await store.concerns.settle(key, null);
    const { userMessage, hint } = error;
    await store.concerns.raise({ key, severity: "person", type: "chat-refused", chat, userMessage, hint }, null);
  } catch (problem) {
    tools.log.error(problem);
  }
}
