import type { AuditEvent } from "../core/audit.ts";

/** So many strangers are listed by themselves. */
const MOST_LISTED = 3;

/** One event per stranger, the latest of theirs, with the number of their attempts; from the fourth stranger on one for all others. Newest first. */
export function foldStrangers(
  events: readonly AuditEvent[],
  isStrangers: (event: AuditEvent) => boolean,
): AuditEvent[] {
  const folded = new Map<string, AuditEvent>();
  const kept: AuditEvent[] = [];
  for (const event of events) {
    if (!isStrangers(event)) {
      kept.push(event);
      continue;
    }
    const own = `${event.actor.channel}:${event.actor.user}`;
    const key = folded.has(own) || folded.size < MOST_LISTED ? own : "";
    const before = folded.get(key);
    const attempts = (before?.attempts ?? 0) + (event.attempts ?? 1);
    const actor = key === "" ? { ...event.actor, user: "", name: "other strangers" } : event.actor;
    folded.set(key, before === undefined ? { ...event, actor, attempts } : { ...before, attempts });
  }
  return [...kept, ...folded.values()].toSorted((one, other) => other.atMs - one.atMs);
}
