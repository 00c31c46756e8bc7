import { asOpsError, OpsError } from "../../../src/core/errors.ts";
import type { Secret, SecretRef } from "../../../src/core/secrets.ts";
import type { SecretSource } from "../secrets.ts";
import type { OnePasswordClient } from "./client.ts";
import { nothingSaidOf } from "./failures.ts";

export interface OnePasswordOptions {
  readonly client: OnePasswordClient;
  /** What is going to be asked for as well, such as everything that creel.yaml refers to: read along, so that a start of many agents is one request. */
  readonly expected: () => readonly SecretRef[];
  /** Once when it begins to fail: the last known values are given out from then on. */
  readonly onTrouble: (why: OpsError) => void;
  /** ms of some clock that never goes back. */
  readonly clock?: () => number;
}

const PREFIX = "op://";
const MINUTE = 60_000;
/** Long enough for an operation and its repetitions, short enough for who has just changed a value. */
const KEPT_MS = 5 * MINUTE;
/** A reference that names nothing costs as much of the quota as one that does. */
const REFUSAL_KEPT_MS = 30_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 5 * MINUTE;

interface Kept {
  readonly was: Secret | OpsError;
  readonly atMs: number;
}

/** After failures without a success between them. */
interface Pause {
  readonly why: OpsError;
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * `op://vault/item/[section/]field`, from 1Password while Creel runs. A small account may ask a thousand times a day, so what is asked for at the
 * same time is one request, values are kept in memory for five minutes, and a failure begins a pause, in which the last known values hold.
 */
export function onePasswordSecrets({
  client,
  expected,
  onTrouble,
  clock = () => performance.now(),
}: OnePasswordOptions): SecretSource {
  const kept = new Map<SecretRef, Kept>();
  const asked = new Map<SecretRef, PromiseWithResolvers<Secret>>();
  let pause: Pause | null = null;
  let reading = false;

  function isFresh(ref: SecretRef): boolean {
    const found = kept.get(ref);
    if (found === undefined) return false;
    return clock() - found.atMs < (found.was instanceof OpsError ? REFUSAL_KEPT_MS : KEPT_MS);
  }

  /** What is known of it now. @throws OpsError. */
  function outcome(ref: SecretRef): Secret {
    const was = kept.get(ref)?.was ?? null;
    if (was !== null && !(was instanceof OpsError)) return was;
    throw pause === null ? (was ?? nothingSaidOf(ref)) : stillPaused(pause, clock());
  }

  async function read(refs: readonly SecretRef[]): Promise<void> {
    if (pause !== null && clock() < pause.untilMs) return;
    try {
      for (const [ref, was] of await client.readAll(refs)) kept.set(ref, { was, atMs: clock() });
      pause = null;
    } catch (error) {
      const why = asOpsError(error);
      if (pause === null) onTrouble(why);
      pause = nextPause(pause, why, clock());
    }
  }

  async function readWhatIsAsked(): Promise<void> {
    if (reading) return;
    reading = true;
    while (asked.size > 0) {
      // Lets everything come that is asked for in the same moment.
      await new Promise((resolve) => setImmediate(resolve));
      const waiting = [...asked];
      const along = expected().filter((ref) => ref.startsWith(PREFIX) && !isFresh(ref));
      await read([...new Set([...asked.keys(), ...along])]);
      for (const [ref, { resolve, reject }] of waiting) {
        asked.delete(ref);
        try {
          resolve(outcome(ref));
        } catch (error) {
          reject(error);
        }
      }
    }
    reading = false;
  }

  return {
    scheme: "op",
    async resolve(ref) {
      if (isFresh(ref)) return outcome(ref);
      const one = asked.get(ref) ?? Promise.withResolvers<Secret>();
      asked.set(ref, one);
      void readWhatIsAsked();
      return await one.promise;
    },
  };
}

function nextPause(last: Pause | null, why: OpsError, nowMs: number): Pause {
  const failures = (last?.failures ?? 0) + 1;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return { why, failures, untilMs: nowMs + Math.max(pauseMs, why.retryAfterMs ?? 0) };
}

/** What it failed with, and how long nobody is going to ask again. */
function stillPaused({ why, untilMs }: Pause, nowMs: number): OpsError {
  const { code, userMessage, hint, retry } = why;
  return new OpsError({ code, userMessage, hint, retry, retryAfterMs: Math.max(0, untilMs - nowMs), cause: why });
}
