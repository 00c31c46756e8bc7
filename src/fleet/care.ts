import { schedule } from "node-cron";
import type { FleetWatch } from "./watch.ts";

export interface CareParts {
  readonly watch: FleetWatch;
  /** Gives the digest unless there was one today. May take as long as a chat is away. */
  readonly digest: () => Promise<void>;
  /** Such as "09:00". */
  readonly digestAt: string;
  /** Such as "Europe/Berlin". */
  readonly timeZone: string;
  /** Between looks. Default: 5 minutes. */
  readonly everyMs?: number;
  readonly onError: (error: unknown) => void;
}

/** node-cron writes to the console otherwise. */
const SILENT = { info: ignore, warn: ignore, error: ignore, debug: ignore };

/**
 * Looks at the fleet regularly, by elapsed time, and gives the digest once a day. A digest that was missed is given at the next occasion on
 * the same day: at the start, or with a look, when the machine slept at that minute, the clock skipped it (the day on which summer time
 * begins, or when it is set) or the digest failed. One look and one digest at a time.
 */
export function startCare(parts: CareParts): { close(): void } {
  const { watch, digest, digestAt, timeZone, everyMs = 5 * 60_000, onError } = parts;
  const stop = new AbortController();
  // sv-SE writes 2026-11-21 09:00:00, which sorts as time goes by.
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  let givenOn = "";
  let giving = false;
  let looking = false;

  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!stop.signal.aborted) onError(error);
    }
  };
  const giveDigest = async () => {
    const [day = "", time = ""] = wall.format(Date.now()).split(" ");
    if (giving || stop.signal.aborted || givenOn === day || time < digestAt) return;
    giving = true;
    await guarded(async () => {
      await digest();
      givenOn = day;
    });
    giving = false;
  };
  const look = async () => {
    if (looking) return;
    looking = true;
    await guarded(() => watch.look(stop.signal));
    looking = false;
  };

  const [hour = 0, minute = 0] = digestAt.split(":").map(Number);
  const atDigest = schedule(`${minute} ${hour} * * *`, () => void giveDigest(), {
    timezone: timeZone,
    logger: SILENT,
    suppressMissedWarning: true,
  });
  const looks = setInterval(() => {
    // It sleeps until the moment it has worked out, however the clock is set meanwhile: now it works out another one.
    void atDigest.stop();
    void atDigest.start();
    void giveDigest();
    void look();
  }, everyMs);
  void giveDigest();
  return {
    close() {
      stop.abort();
      clearInterval(looks);
      void atDigest.destroy();
    },
  };
}

/** Looks at once and then again and again, by elapsed time, one look at a time, until `signal` aborts. What a look throws goes to `onError`. */
export async function lookRegularly(
  watch: FleetWatch,
  signal: AbortSignal,
  { everyMs = 5 * 60_000, onError }: Pick<CareParts, "everyMs" | "onError">,
): Promise<void> {
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    await watch.look(signal).catch((error: unknown) => signal.aborted || onError(error));
    looking = false;
  };
  const looks = setInterval(() => void look(), everyMs);
  void look();
  // A look that is under way then is not waited for: whoever looks next begins anew.
  await whenAborted(signal);
  clearInterval(looks);
}

export async function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (signal.aborted) resolve();
  await promise;
}

function ignore(): void {
  // Nothing to say.
}
