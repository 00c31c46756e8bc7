import type { Redis } from "ioredis";
import type { Changes } from "./port.ts";

/** `subscriber` is a connection of its own: one that subscribes can do nothing else. */
export function createChanges(subscriber: Redis, channel: string, onError: (error: unknown) => void): Changes {
  const listeners = new Map<string, Set<() => void>>();
  let wanted = false;

  const tellAll = () => {
    for (const group of listeners.values()) for (const onChange of group) onChange();
  };
  subscriber.on("message", (from: string, id: string) => {
    if (from !== channel) return;
    for (const onChange of listeners.get(id) ?? []) onChange();
  });
  // Whatever was said before the subscription stands has been missed, so everybody looks again then; also after a reconnect.
  const subscribe = () => void subscriber.subscribe(channel).then(tellAll, onError);
  subscriber.on("ready", () => {
    if (wanted) subscribe();
  });

  return {
    listen(id, onChange) {
      if (!wanted && subscriber.status === "ready") subscribe();
      wanted = true;
      const group = listeners.get(id) ?? new Set();
      listeners.set(id, group);
      group.add(onChange);
      return () => {
        group.delete(onChange);
        if (group.size === 0 && listeners.get(id) === group) listeners.delete(id);
      };
    },
  };
}
