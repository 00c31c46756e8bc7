import { expect } from "vitest";
import { OpsError } from "../../src/core/errors.ts";

type When = "before" | "after";

export interface Hold {
  /** Settles when the call has got there. */
  readonly reached: Promise<void>;
  release(): void;
}

/** What happens to calls on their way to whoever carries them out, and back. Each happens once. */
export interface Interruptions<Call extends string> {
  /** The next such call has its effect, and its answer is lost. */
  lose(call: Call): void;
  /** The next such call stays where it is, before or after its effect. */
  hold(call: Call, when: When): Hold;
  /** For what is interrupted. */
  readonly faults: (call: Call, when: When) => void | Promise<void>;
}

export function interruptions<Call extends string>(): Interruptions<Call> {
  let armed: { readonly call: Call; readonly when: When; readonly act: () => void | Promise<void> } | null = null;
  return {
    lose(call) {
      const act = () => {
        throw new OpsError({ code: "provider-failed", userMessage: "The answer was lost.", retry: "later" });
      };
      armed = { call, when: "after", act };
    },
    hold(call, when) {
      const [here, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const act = () => {
        here.resolve();
        return gate.promise;
      };
      armed = { call, when, act };
      return { reached: here.promise, release: gate.resolve };
    },
    faults(call, when) {
      if (armed?.call !== call || armed.when !== when) return;
      const { act } = armed;
      armed = null;
      return act();
    },
  };
}

/** Stops a call where it is held up: it ends with the reason that it is given, or, where nothing can be stopped any more, by itself. */
export async function stopMidway(hold: Hold, change: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const reason = new OpsError({ code: "timed-out", userMessage: "Too late." });
  const calling = change(stop.signal).then(
    () => null,
    (error: unknown) => error,
  );
  await hold.reached;
  stop.abort(reason);
  hold.release();
  expect([reason, null]).toContain(await calling);
}
