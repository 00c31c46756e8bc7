import type { OpsError } from "../../core/errors.ts";

/** What refuses the bot: its token (any call tells), or a second program on it (only reading updates tells). */
type Trouble = "token" | "conflict";

/** Tells once when the bot is refused, and once when it works again. */
export function createHealth(tell: (error: OpsError | null) => void) {
  let trouble: Trouble | null = null;
  return {
    refused(what: Trouble, error: OpsError): void {
      if (trouble === what) return;
      trouble = what;
      tell(error);
    },
    /** `what` is over. */
    works(what: Trouble): void {
      if (trouble !== what) return;
      trouble = null;
      tell(null);
    },
  };
}

export type Health = ReturnType<typeof createHealth>;
