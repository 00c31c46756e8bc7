/** Proof of a lease: whoever gets it next has a higher number, and what is written with a lower one is refused. */
export interface Held {
  readonly name: string;
  readonly fence: number;
  /** Aborted when it is lost, or when whoever wanted it does not any more. Others may have it a little later, never before. */
  readonly signal: AbortSignal;
}

/** Rights that one process at a time has, among all that share a store. */
export interface Leases {
  /**
   * Runs `work` whenever this process has the lease, and lets go of it when `work` ends; until `signal` aborts. When whoever has it dies, another
   * gets it within half a minute. Never rejects: `work` has to see to its own failures. Resolves when `work` has ended.
   */
  keep(name: string, work: (held: Held) => Promise<void>, signal: AbortSignal): Promise<void>;
}
