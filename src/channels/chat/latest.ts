import { askedAtMs, isEnded, type Operation } from "../../core/operation.ts";
import type { Clock } from "./clock.ts";

/** The newest known state of an operation that goes on, and when it came. All moments are those of `Clock.elapsed`, which nobody can set. */
export interface Latest {
  get(): Operation;
  isOver(): boolean;
  changedAtMs(): number;
  /** Or asked to go on. */
  requestedAtMs(): number;
  /** null before a worker has begun with it. */
  startedAtMs(): number | null;
  set(operation: Operation): void;
  /** Resolves at `untilMs`, earlier when there is news or `signal` aborts. */
  wait(untilMs: number, signal: AbortSignal): Promise<void>;
}

export function createLatest(first: Operation, clock: Clock): Latest {
  /** For a moment since the epoch that has just become known. */
  const elapsedAt = (epochMs: number) => clock.elapsed() - Math.max(0, clock.now() - epochMs);
  const startOf = ({ startedAtMs }: Operation) => (startedAtMs === null ? null : elapsedAt(startedAtMs));
  let latest = first;
  let changedAtMs = clock.elapsed();
  let startedAtMs = startOf(first);
  let nap = new AbortController();
  const requestedAtMs = elapsedAt(askedAtMs(first));
  return {
    get: () => latest,
    isOver: () => isEnded(latest),
    changedAtMs: () => changedAtMs,
    requestedAtMs: () => requestedAtMs,
    startedAtMs: () => startedAtMs,
    set(operation) {
      if (JSON.stringify(operation) === JSON.stringify(latest)) return;
      latest = operation;
      changedAtMs = clock.elapsed();
      startedAtMs ??= startOf(operation);
      nap.abort();
    },
    async wait(untilMs, signal) {
      nap = new AbortController();
      await clock.sleep(untilMs - clock.elapsed(), AbortSignal.any([nap.signal, signal]));
    },
  };
}
