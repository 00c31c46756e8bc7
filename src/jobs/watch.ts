import { setTimeout as delay } from "node:timers/promises";
import { asOpsError } from "../core/errors.ts";
import type { OperationId } from "../core/names.ts";
import { isEnded, type Operation } from "../core/operation.ts";
import type { Changes } from "./changes.ts";
import { noSuchOperation, type OperationStore, type Stored } from "./store.ts";

/** Messages can be lost around a reconnect; nobody waits longer than this for what they missed. */
const REREAD_MS = 3000;
const AWAY_MS = 300;

/** See `Operations.watch`. @throws OpsError `not-found`. */
export async function* watchOperation(
  store: OperationStore,
  changes: Changes,
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
      const stored = await readUnlessAway(store, id);
      if (stored === null) throw noSuchOperation(id);
      if (stored !== "away" && stored.text !== shown) {
        shown = stored.text;
        yield stored.operation;
        if (isEnded(stored.operation)) return;
      }
      await anyOf(news.promise, stored === "away" ? AWAY_MS : REREAD_MS, signal);
      news = Promise.withResolvers<void>();
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    stopListening();
  }
}

async function readUnlessAway(store: OperationStore, id: OperationId): Promise<Stored | null | "away"> {
  try {
    return await store.read(id);
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
