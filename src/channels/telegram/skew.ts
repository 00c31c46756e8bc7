/** More than this between the clock and the time that has passed: it was set, or the machine slept. */
const SET_MS = 10_000;

/** See `Client.skewMs`. `compare` never throws; null when it could not. Whoever asks meanwhile waits for the same answer. */
export function createSkew(compare: () => Promise<number | null>, now: () => number): () => Promise<number> {
  /** What the clock and the time that has passed differ by, as long as nobody sets the clock. */
  const offsetMs = () => now() - performance.now();
  let known: { readonly skewMs: number; readonly offsetMs: number } | null = null;
  let comparing: Promise<void> | null = null;
  const compareAnew = async () => {
    const atOffsetMs = offsetMs();
    const skewMs = await compare();
    if (skewMs !== null) known = { skewMs, offsetMs: atOffsetMs };
    comparing = null;
  };
  return async () => {
    if (known === null || Math.abs(offsetMs() - known.offsetMs) > SET_MS) {
      comparing ??= compareAnew();
      await comparing;
    }
    return known?.skewMs ?? 0;
  };
}
