import { setTimeout as delay } from "node:timers/promises";
import { asOpsError } from "../src/core/errors.ts";

const LOOK_EVERY_MS = 50;

/** What `look` returns when that is not null. @throws what it throws that is not worth another look. */
export async function eventually<Value>(look: () => Promise<Value | null>): Promise<Value> {
  for (;;) {
    try {
      const value = await look();
      if (value !== null) return value;
    } catch (error) {
      if (asOpsError(error).retry !== "later") throw error;
    }
    await delay(LOOK_EVERY_MS);
  }
}
