import { createHash } from "node:crypto";
import type { Posted } from "../channel.ts";
import type { Composed } from "./compose.ts";

const REMEMBERED = 2000;

interface Sent {
  readonly kind: "text" | "caption";
  /** Of what it shows; null when that is not known, because an edit got no answer. */
  readonly digest: string | null;
}

/**
 * What the newest messages of this process look like. It only saves calls: without it Telegram says that a message is as it
 * should be, or that it has a caption and no text.
 */
export function createSentMessages() {
  const sent = new Map<string, Sent>();
  const keyOf = ({ place, id }: Posted): string => `${place.chat} ${id}`;

  return {
    get(posted: Posted): Sent | null {
      return sent.get(keyOf(posted)) ?? null;
    },
    put(posted: Posted, message: Sent): void {
      const key = keyOf(posted);
      sent.delete(key);
      sent.set(key, message);
      for (const oldest of sent.keys()) {
        if (sent.size <= REMEMBERED) break;
        sent.delete(oldest);
      }
    },
    remove(posted: Posted): void {
      sent.delete(keyOf(posted));
    },
  };
}

export function digestOf({ html, keyboard }: Composed): string {
  return createHash("sha256")
    .update(JSON.stringify([html, keyboard]))
    .digest("base64");
}
