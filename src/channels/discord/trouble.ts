import type { OpsError } from "../../core/errors.ts";

export type TroubleSource = "gateway" | "requests";

/** Tells once when the bot is refused, and once when it is accepted again, whichever of its two connections noticed. */
export class Trouble {
  readonly #tell: (error: OpsError | null) => void;
  readonly #errors = new Map<TroubleSource, OpsError>();
  #told = false;

  constructor(tell: (error: OpsError | null) => void) {
    this.#tell = tell;
  }

  report(source: TroubleSource, error: OpsError | null): void {
    if (error === null) this.#errors.delete(source);
    else this.#errors.set(source, error);
    const [current] = this.#errors.values();
    if ((current !== undefined) === this.#told) return;
    this.#told = current !== undefined;
    this.#tell(current ?? null);
  }
}
