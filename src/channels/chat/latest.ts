import { isEnded, type Operation } from "../../core/operation.ts";
import type { Clock } from "./clock.ts";

/** The newest known state of an operation that goes on, and when it came. */
export interface Latest {
  get(): Operation;
  isOver(): boolean;
  changedAtMs(): number;
  set(operation: Operation): void;
  /** Resolves at `untilMs`, earlier when there is news or `signal` aborts. */
  wait(untilMs: number, signal: AbortSignal): Promise<void>;
}

export function createLatest(first: Operation, clock: Clock): Latest {
  let latest = first;
  let changedAtMs = clock.now();
  let nap = new AbortController();
  return {
    get: () => latest,
    isOver: () => isEnded(latest),
    changedAtMs: () => changedAtMs,
    set(operation) {
      if (JSON.stringify(operation) === JSON.stringify(latest)) return;
      latest = operation;
      changedAtMs = clock.now();
      nap.abort();
    },
    async wait(untilMs, signal) {
      nap = new AbortController();
      await clock.sleep(untilMs - clock.now(), AbortSignal.any([nap.signal, signal]));
    },
  };
}
