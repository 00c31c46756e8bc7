/** Rejects with the signal's reason as soon as it aborts, even when `work` never looks at the signal. `work` itself goes on. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  try {
    // Aborted first: work that ends in the same moment must not hide that it was stopped.
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Waits until all have ended in whatever way, or `limitMs` has passed. Returns whether all have ended. */
export async function settle(work: Iterable<Promise<unknown>>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  const ended = Promise.allSettled([...work]).then(() => true);
  try {
    return await Promise.race([ended, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `work` with a signal that aborts with what `tooLate` makes after `limitMs`, or when `outer` aborts; rejects with the same reason. */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal | null,
  tooLate: () => unknown,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(tooLate()), limitMs);
  const signal = outer ? AbortSignal.any([outer, limit.signal]) : limit.signal;
  try {
    return await orAbort(work(signal), signal);
  } finally {
    clearTimeout(timer);
  }
}
