export interface Clocks {
  /** Milliseconds since the epoch; jumps when the clock is set. */
  now(): number;
  /** Milliseconds since some moment of this process; only grows. */
  elapsed(): number;
}

/**
 * How long ago things began: by elapsed time, whatever is done to the clock meanwhile. Only for what an earlier process has begun, the
 * clock has to be believed, once.
 */
export interface Ages {
  /** It begins now. */
  begin(key: string): void;
  /** `epochMs`: when it began, as it is on record. Negative when that is in the future of a clock that was set back. */
  ageMs(key: string, epochMs: number): number;
  forget(key: string): void;
}

/** What is older than `keptMs` is forgotten by itself. */
export function createAges({ now, elapsed }: Clocks, keptMs: number): Ages {
  const begunAt = new Map<string, number>();
  const put = (key: string, atMs: number) => {
    for (const [other, otherAtMs] of begunAt) if (elapsed() - otherAtMs > keptMs) begunAt.delete(other);
    begunAt.set(key, atMs);
  };
  return {
    begin: (key) => put(key, elapsed()),
    ageMs(key, epochMs) {
      if (!begunAt.has(key)) put(key, elapsed() - (now() - epochMs));
      return elapsed() - (begunAt.get(key) ?? elapsed());
    },
    forget: (key) => void begunAt.delete(key),
  };
}
