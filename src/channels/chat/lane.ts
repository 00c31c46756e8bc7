import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Pace } from "../channel.ts";
import type { Clock } from "./clock.ts";
import { createPacer, type Urgency } from "./pace.ts";
import { backoffMs, isPassing } from "./retry.ts";

interface Task<T> {
  /** Asked whenever the lane looks for what comes next: what is not urgent may become so. */
  urgency(): Urgency;
  /**
   * Begins when it is this task's turn, so whatever it says is the latest. Passes the call to the chat through `send`; a task that finds
   * nothing to send leaves it out. Repeated after failures that pass.
   */
  run(send: Send): Promise<T>;
}

type Send = <R>(call: () => Promise<R>) => Promise<R>;

/** The queue of one place: one call at a time, in the chat's pace, what is urgent first. */
export interface Lane {
  /** Rejects with what `run` threw, unless that passes: then everything waits, and this task is done again. */
  add<T>(task: Task<T>): Promise<T>;
  /** A waiting task may have become urgent. */
  reconsider(): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
  /** Rejects what waits, and whatever is added from now on. */
  stop(reason: OpsError): void;
}

interface Entry {
  readonly urgency: () => Urgency;
  readonly run: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

export function createLane(pace: Pace, clock: Clock): Lane {
  const pacer = createPacer(pace);
  const stopped = new AbortController();
  let waiting: Entry[] = [];
  let nap = new AbortController();
  let working: Promise<void> | null = null;
  let failures = 0;

  const send: Send = (call) => {
    pacer.sent(clock.now());
    return call();
  };
  const perform = async (entry: Entry) => {
    try {
      await entry.run();
      failures = 0;
    } catch (error) {
      const known = asOpsError(error);
      if (!isPassing(known)) return entry.reject(known);
      if (stopped.signal.aborted) return entry.reject(stopped.signal.reason);
      failures += 1;
      pacer.pauseUntil(clock.now() + backoffMs(failures, known));
      waiting.unshift(entry);
    }
  };
  const work = async () => {
    while (waiting.length > 0) {
      const entry = waiting.find(({ urgency }) => urgency() === "now") ?? waiting[0];
      if (entry === undefined) break;
      const delayMs = pacer.delayMs(entry.urgency(), clock.now());
      if (delayMs > 0) {
        nap = new AbortController();
        await clock.sleep(delayMs, AbortSignal.any([nap.signal, stopped.signal]));
      } else {
        waiting = waiting.filter((other) => other !== entry);
        await perform(entry);
      }
    }
    working = null;
  };

  return {
    add<T>(task: Task<T>) {
      if (stopped.signal.aborted) return Promise.reject(stopped.signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.push({ urgency: () => task.urgency(), run: async () => resolve(await task.run(send)), reject });
      nap.abort();
      working ??= work();
      return promise;
    },
    reconsider: () => nap.abort(),
    drained: async () => {
      await working;
    },
    stop(reason) {
      stopped.abort(reason);
      for (const entry of waiting.splice(0)) entry.reject(reason);
    },
  };
}
