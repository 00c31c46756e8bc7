import type { ChannelMemory } from "../../core/chat.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Message } from "../message.ts";
import { type Alert, type AlertPlace, type AlertTarget, createAlertPlace } from "./alert-place.ts";
import type { Clock } from "./clock.ts";
import { isPassing } from "./retry.ts";

export interface AlertsParts {
  readonly targets: readonly AlertTarget[];
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  /** Whose days the digest counts, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Hears when an alert could not be told somewhere. */
  readonly onError: (error: OpsError) => void;
}

/**
 * What Creel says by itself, in every place for alerts. Each place is told on its own: one chat that is away holds up no other, and hears
 * of it when it is back. Nothing here throws; what resolves late may be left alone.
 */
export interface Alerts {
  /** Within 24 hours repeats only count up in the first message, without another sound. Worse news make a new one. */
  tell(alert: Alert): Promise<void>;
  /** The cause is gone. What was told shows it, and who was disturbed hears of it, quietly. */
  resolve(key: string): Promise<void>;
  /** Posts it unless there was one today, also before a restart. */
  digest(message: Message): Promise<void>;
}

export function createAlerts({ targets, memory, clock, timeZone, onError }: AlertsParts): Alerts {
  const places = targets.map((target) => inTurns(createAlertPlace(target, memory, clock), clock));
  // Written as 2026-11-21.
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  const everywhere = async (say: (place: Turns) => Promise<void>) => {
    const report = (error: unknown) => {
      const known = asOpsError(error);
      // What passes is waited out, and reaches this far only when Creel is closing.
      if (!isPassing(known)) onError(known);
    };
    await Promise.all(places.map((place) => say(place).catch(report)));
  };
  return {
    tell: (alert) => everywhere((place) => place.tell(alert)),
    resolve: (key) => everywhere((place) => place.resolve(key)),
    digest: (message) => everywhere((place) => place.digest(day.format(clock.now()), message)),
  };
}

interface Turns {
  tell(alert: Alert): Promise<void>;
  resolve(key: string): Promise<void>;
  digest(day: string, message: Message): Promise<void>;
}

interface Waiting {
  alert: Alert;
  times: number;
  lastAtMs: number;
  readonly told: Promise<void>;
}

/** One call at a time about each key. However often an alert repeats while its place is away, it waits only once. */
function inTurns(place: AlertPlace, clock: Clock): Turns {
  const last = new Map<string, Promise<void>>();
  const waiting = new Map<string, Waiting>();
  const inTurn = (key: string, call: () => Promise<void>): Promise<void> => {
    const mine = (last.get(key) ?? Promise.resolve()).then(call, call);
    last.set(key, mine);
    const forget = () => {
      if (last.get(key) === mine) last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  };

  return {
    tell(alert) {
      const { key } = alert;
      const before = waiting.get(key);
      if (before !== undefined) {
        before.alert = worseOf(before.alert, alert);
        before.times += 1;
        before.lastAtMs = clock.now();
        return before.told;
      }
      const told = inTurn(key, () => {
        if (waiting.get(key) === mine) waiting.delete(key);
        return place.tell(mine.alert, mine);
      });
      const mine: Waiting = { alert, times: 1, lastAtMs: clock.now(), told };
      waiting.set(key, mine);
      return told;
    },
    resolve(key) {
      // What is told from now on comes after this.
      waiting.delete(key);
      return inTurn(key, () => place.resolve(key));
    },
    digest: (day, message) => inTurn("", () => place.digest(day, message)),
  };
}

function worseOf(before: Alert, now: Alert): Alert {
  return before.severity === "person" ? { ...now, severity: "person" } : now;
}
