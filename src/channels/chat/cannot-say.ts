import { asOpsError, type OpsError } from "../../core/errors.ts";
import { isPassing } from "./retry.ts";

/**
 * Whether a chat did not let Creel say something there. That it may not is expected; anything else that does not pass is a defect and
 * reported. Rethrows what passes: it reaches this far only when Creel is closing.
 */
export async function cannotSay(say: () => Promise<void>, onError: (error: OpsError) => void): Promise<boolean> {
  try {
    await say();
    return false;
  } catch (error) {
    const known = asOpsError(error);
    if (isPassing(known)) throw known;
    if (known.code !== "chat-forbidden") onError(known);
    return true;
  }
}
