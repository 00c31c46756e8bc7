import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Pace } from "../channel.ts";
import type { Clock } from "./clock.ts";
import { createPacer, type Urgency } from "./pace.ts";
import { createPauses, type Kind } from "./pauses.ts";
import { isPassing } from "./retry.ts";

interface Task<T> {
  readonly kind: Kind;
  /** Asked whenever the lane looks for what comes next: what is not urgent may become so. */
  urgency(): Urgency;
  /**
   * Begins when it is this task's turn, so whatever it says is the latest. Passes the call to the chat through `send`; a task that finds
   * nothing to send leaves it out. Repeated after failures that pass.
   */
  run(send: Send): Promise<T>;
}

export type Send = <R>(call: () => Promise<R>) => Promise<R>;

/** What nobody misses is given up rather than waited for. */
const NICETIES: ReadonlySet<Kind> = new Set(["thread"]);

/** The queue of one place: one call at a time, in the chat's pace, new messages first, then what else is urgent. */
export interface Lane {
  /**
   * Rejects with what `run` threw, unless that passes: then what is of its kind waits, and this task is done again. A nicety rejects in any
   * case, with `chat-unavailable` also when the chat has asked to wait with its kind.
   */
  add<T>(task: Task<T>): Promise<T>;
  /** A waiting task may have become urgent. */
  reconsider(): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
  /** Rejects what waits, and whatever is added from now on. */
  stop(reason: OpsError): void;
}

interface Entry {
  readonly kind: Kind;
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
  const pauses = createPauses();

  const send: Send = (call) => {
    pacer.sent(clock.elapsed());
    return call();
  };
  const perform = async (entry: Entry) => {
    try {
      await entry.run();
      pauses.worked(entry.kind);
    } catch (error) {
      const known = asOpsError(error);
      if (!isPassing(known)) return entry.reject(known);
      if (stopped.signal.aborted) return entry.reject(stopped.signal.reason);
      pauses.failed(entry.kind, known, clock.elapsed());
      if (NICETIES.has(entry.kind)) entry.reject(known);
      else waiting.unshift(entry);
    }
  };
  const take = (entry: Entry) => {
    waiting = waiting.filter((other) => other !== entry);
  };
  const giveUpNiceties = () => {
    for (const entry of waiting) {
      if (!NICETIES.has(entry.kind) || pauses.leftMs(entry.kind, clock.elapsed()) === 0) continue;
      take(entry);
      entry.reject(new OpsError({ code: "chat-unavailable", userMessage: "The chat is busy.", retry: "later" }));
    }
  };
  /** How long nothing can be done, and what comes next. */
  const next = (): { readonly delayMs: number; readonly entry: Entry | null } => {
    const nowMs = clock.elapsed();
    const pauseMs = pauses.nextEndMs(nowMs) ?? Number.POSITIVE_INFINITY;
    const [entry] = waiting.filter(({ kind }) => pauses.leftMs(kind, nowMs) === 0).toSorted(byRank);
    if (entry === undefined) return { delayMs: pauseMs, entry: null };
    return { delayMs: Math.min(pauseMs, pacer.delayMs(entry.urgency(), nowMs)), entry };
  };
  const work = async () => {
    while (waiting.length > 0) {
      giveUpNiceties();
      const { delayMs, entry } = next();
      if (entry === null || delayMs > 0) {
        nap = new AbortController();
        await clock.sleep(delayMs, AbortSignal.any([nap.signal, stopped.signal]));
      } else {
        take(entry);
        await perform(entry);
      }
    }
    working = null;
  };

  return {
    add<T>(task: Task<T>) {
      if (stopped.signal.aborted) return Promise.reject(stopped.signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const run = async () => resolve(await task.run(send));
      waiting.push({ kind: task.kind, urgency: () => task.urgency(), run, reject });
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

function byRank(one: Entry, other: Entry): number {
  return rankOf(one) - rankOf(other);
}

function rankOf({ kind, urgency }: Entry): number {
  if (urgency() === "soon") return 2;
  return kind === "post" ? 0 : 1;
}
