import type { Place } from "../../core/chat.ts";

/** Groups that became supergroups, which changes their id and the ids of all their messages. Telegram tells again after a restart. */
export function createMigrations() {
  const moved = new Map<string, string>();
  return {
    add(from: string, to: string): void {
      if (from !== to) moved.set(from, to);
    },
    /** Where the place is now; the same object when it has not moved. */
    now(place: Place): Place {
      const chat = moved.get(place.chat);
      return chat === undefined ? place : { ...place, chat };
    },
  };
}

export type Migrations = ReturnType<typeof createMigrations>;
