import type { OpsError } from "../../core/errors.ts";

type TroubleSource = "gateway" | "requests";

/** Tells once when the bot is refused, and once when it is accepted again, whichever of its two connections noticed. */
export interface Trouble {
  report(source: TroubleSource, error: OpsError | null): void;
}

export function createTrouble(tell: (error: OpsError | null) => void): Trouble {
  const errors = new Map<TroubleSource, OpsError>();
  let told = false;
  return {
    report(source, error) {
      if (error === null) errors.delete(source);
      else errors.set(source, error);
      const [current] = errors.values();
      if ((current !== undefined) === told) return;
      told = current !== undefined;
      tell(current ?? null);
    },
  };
}
