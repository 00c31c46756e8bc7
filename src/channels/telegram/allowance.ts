const MINUTE_MS = 60_000;
/** Of the twenty messages a minute that a group takes, and the thirty a second of the whole bot. */
const PER_GROUP = 3;
const IN_ALL = 20;

/** How much of what Telegram lets a bot send may go to strangers: so little that nobody else notices. */
export interface Allowance {
  /** Takes one, if there is one left. */
  take(chat: string): boolean;
}

export function createAllowance(elapsed: () => number): Allowance {
  let taken: { readonly chat: string; readonly atMs: number }[] = [];
  return {
    take(chat) {
      taken = taken.filter(({ atMs }) => atMs > elapsed() - MINUTE_MS);
      if (taken.length >= IN_ALL || taken.filter((one) => one.chat === chat).length >= PER_GROUP) return false;
      taken.push({ chat, atMs: elapsed() });
      return true;
    },
  };
}
