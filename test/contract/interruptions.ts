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
