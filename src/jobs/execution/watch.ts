import { setTimeout as delay } from "node:timers/promises";
import { asOpsError } from "../../core/errors.ts";
import type { OperationId } from "../../core/names.ts";
import { isEnded, noSuchOperation, type Operation } from "../../core/operation.ts";
import type { Changes, OperationStore } from "../store/port.ts";
import type { Waiting } from "./waiting.ts";

/** Messages can be lost around a reconnect; nobody waits longer than this for what they missed. */
const REREAD_MS = 3000;
const AWAY_MS = 300;

interface WatchParts {
  readonly store: Pick<OperationStore, "read">;
  readonly waiting: Waiting;
  readonly changes: Changes;
}

/** See `Operations.watch`. @throws OpsError `not-found`. */
export async function* watchOperation(
  { store, waiting, changes }: WatchParts,
  id: OperationId,
  signal: AbortSignal,
): AsyncGenerator<Operation> {
  let news = Promise.withResolvers<void>();
  // Listening starts before the first read, so that no change falls between the two.
  const stopListening = changes.listen(id, () => news.resolve());
  const onAbort = () => news.resolve();
  signal.addEventListener("abort", onAbort);
  let shown: string | null = null;
  try {
    while (!signal.aborted) {
      const found = await readUnlessAway(store, waiting, id);
      if (found === null) throw noSuchOperation(id);
      if (found !== "away" && found.mark !== shown) {
        shown = found.mark;
        yield found.operation;
        if (isEnded(found.operation)) return;
      }
      await anyOf(news.promise, found === "away" ? AWAY_MS : REREAD_MS, signal);
      news = Promise.withResolvers<void>();
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    stopListening();
  }
}

/** `mark` tells one state of it from another. */
async function readUnlessAway(
  store: WatchParts["store"],
  waiting: Waiting,
  id: OperationId,
): Promise<{ readonly operation: Operation; readonly mark: string } | null | "away"> {
  try {
    const stored = await store.read(id);
    if (stored === null) return null;
    const operation = await waiting.shown(stored);
    return { operation, mark: `${stored.text} ${operation.waitingFor}` };
  } catch (error) {
    // Watching outlives a restart of Redis: it is asked again until whoever watches gives up.
    if (asOpsError(error).retry === "later") return "away";
    throw error;
  }
}

async function anyOf(news: Promise<void>, limitMs: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const limit = delay(limitMs, undefined, { signal: AbortSignal.any([over.signal, signal]) });
  try {
    // The timer rejects only when it is no longer needed.
    await Promise.race([news, limit.catch(() => undefined)]);
  } finally {
    over.abort();
  }
}
