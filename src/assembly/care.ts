import type { AlertTarget } from "../channels/chat/alert-place.ts";
import { type Alerts, createAlerts } from "../channels/chat/alerts.ts";
import { systemClock } from "../channels/chat/clock.ts";
import { renderConcern, renderDigest } from "../channels/render/care.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { ChatName } from "../core/chat.ts";
import type { OpsError } from "../core/errors.ts";
import { strandedHosts } from "../fleet/adopt.ts";
import { startCare } from "../fleet/care.ts";
import { fleetQuestions } from "../fleet/questions.ts";
import { createFleetWatch } from "../fleet/watch.ts";
import type { Creel } from "./creel.ts";

/** What Creel does by itself, as long as there is a place to tell it. */
export interface Care {
  /** A chat refuses the bot; null: it works again. The other chats hear of it. */
  chatRefused(name: ChatName, error: OpsError | null): void;
  close(): void;
}

/** How far back a digest may have to look for the operations of a day. */
const OPERATIONS = 200;

export function startCaring({ config, tools, store, services, jobs }: Creel, targets: readonly AlertTarget[]): Care {
  const { timeZone, digest: digestAt } = config.settings.alerts;
  const onError = (error: unknown) => tools.log.error(error);
  const alerts = createAlerts({ targets, memory: store.memory, clock: systemClock, timeZone, onError });
  const { status } = fleetQuestions(services, jobs.operations, { now: Date.now, redact: tools.redact });
  const statuses = async () => (await status(null)).agents;
  const watch = createFleetWatch({
    look: statuses,
    stranded: () => strandedHosts(services),
    onConcern: (concern) => void alerts.tell({ ...concern, message: renderConcern(concern) }),
    onRecovered: (key) => void alerts.resolve(key),
    now: Date.now,
  });
  const digest = async () => {
    const operations = await jobs.operations.recent({ agent: null, limit: OPERATIONS });
    const agents = await statuses();
    // Of nothing there is nothing to tell.
    if (agents.length === 0 && operations.length === 0) return;
    await alerts.digest(renderDigest(agents, operations, Date.now()));
  };
  const care = targets.length === 0 ? null : startCare({ watch, digest, digestAt, timeZone, onError });
  return {
    chatRefused: (name, error) => void tellRefused(alerts, name, error),
    close: () => care?.close(),
  };
}

async function tellRefused(alerts: Alerts, name: ChatName, error: OpsError | null): Promise<void> {
  const key = `chat:${name}`;
  if (error === null) return await alerts.resolve(key);
  await alerts.tell({ key, severity: "person", message: { ...renderRefusal(error), private: false } });
}
