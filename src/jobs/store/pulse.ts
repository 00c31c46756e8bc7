/** Tells the living from the dead by whether they change, in the time of whoever looks: no clock has to be right or agree with another. */
export interface Pulse {
  /** @returns who is alive of those that were found now. One that is seen for the first time is taken for alive. */
  look(found: ReadonlyMap<string, string>): ReadonlySet<string>;
}

/** `elapsed`: ms since some moment, whatever is done to the clock. `limitMs`: how long the living may stay unchanged. */
export function createPulse(elapsed: () => number, limitMs: number): Pulse {
  let seen = new Map<string, { readonly text: string; readonly sinceMs: number }>();
  return {
    look(found) {
      const nowMs = elapsed();
      seen = new Map(
        [...found].map(([name, text]) => {
          const before = seen.get(name);
          return [name, before?.text === text ? before : { text, sinceMs: nowMs }];
        }),
      );
      return new Set([...seen].flatMap(([name, { sinceMs }]) => (nowMs - sinceMs < limitMs ? [name] : [])));
    },
  };
}
