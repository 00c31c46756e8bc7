import { type ScheduledTask, schedule } from "node-cron";
import type { FleetWatch } from "./watch.ts";

export interface CareParts {
  readonly watch: FleetWatch;
  /** Gives the digest unless there was one today. May take as long as a chat is away. */
  readonly digest: () => Promise<void>;
  /** Such as "09:00". */
  readonly digestAt: string;
  /** Such as "Europe/Berlin". */
  readonly timeZone: string;
  /** Between looks: a divisor of a minute in whole seconds, or of an hour in whole minutes. Default: 5 minutes. */
  readonly everyMs?: number;
  readonly onError: (error: unknown) => void;
}

/** node-cron writes to the console otherwise. Errors do not reach it; a look that is left out is no news. */
const SILENT = { info: ignore, warn: ignore, error: ignore, debug: ignore };
const QUIET = { noOverlap: true, logger: SILENT, suppressMissedWarning: true } as const;

/**
 * Looks at the fleet regularly, and gives the digest once a day. A digest that was missed is given at the next occasion on the same day:
 * at the start, or with a look, when the machine slept at that minute, the clock skipped it (the day on which summer time begins) or the
 * digest failed. One look and one digest at a time.
 * @throws RangeError when `everyMs` does not divide a minute or an hour.
 */
export function startCare(parts: CareParts): { close(): void } {
  const { watch, digest, digestAt, timeZone, everyMs = 5 * 60_000, onError } = parts;
  const stop = new AbortController();
  // sv-SE writes 2026-11-21 09:00:00, which sorts as time goes by.
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  let givenOn = "";
  let giving = false;

  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!stop.signal.aborted) onError(error);
    }
  };
  const giveDigest = async () => {
    const [day = "", time = ""] = wall.format(Date.now()).split(" ");
    if (giving || stop.signal.aborted || givenOn >= day || time < digestAt) return;
    giving = true;
    await guarded(async () => {
      await digest();
      givenOn = day;
    });
    giving = false;
  };
  const look = () => {
    void giveDigest();
    return guarded(() => watch.look(stop.signal));
  };

  const [hour = 0, minute = 0] = digestAt.split(":").map(Number);
  // In UTC: where the clock is set back, an hour comes twice, and node-cron would not look in the second one.
  const looks = schedule(cronEvery(everyMs), look, { ...QUIET, timezone: "UTC" });
  const tasks: ScheduledTask[] = [
    looks,
    schedule(`${minute} ${hour} * * *`, giveDigest, { ...QUIET, timezone: timeZone }),
  ];
  void giveDigest();
  return {
    close() {
      stop.abort();
      for (const task of tasks) void task.destroy();
    },
  };
}

function cronEvery(ms: number): string {
  const seconds = ms / 1000;
  const minutes = seconds / 60;
  if (Number.isInteger(seconds) && seconds > 0 && 60 % seconds === 0 && seconds < 60) return `*/${seconds} * * * * *`;
  if (Number.isInteger(minutes) && minutes > 0 && 60 % minutes === 0)
    return minutes === 60 ? "0 * * * *" : `*/${minutes} * * * *`;
  throw new RangeError(`${ms} ms divides neither a minute nor an hour.`);
}

function ignore(): void {
  // Nothing to say.
}
