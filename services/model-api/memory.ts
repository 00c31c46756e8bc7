import { OpsError } from "../../src/core/errors.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { KnownProvider, ModelApis } from "./model-api.ts";

export interface MemoryProvider {
  /** Those that it takes; null: it wants none. */
  readonly keys: readonly Secret[] | null;
  readonly models: readonly string[];
}

export interface MemoryModelApis extends ModelApis {
  /** Nothing is answered until `up`. */
  down(): void;
  up(): void;
}

/** Providers by their names. */
export function createMemoryModelApis(providers: Readonly<Record<string, MemoryProvider>> = {}): MemoryModelApis {
  let isDown = false;
  return {
    known(name): KnownProvider | null {
      const provider = providers[name];
      if (provider === undefined) return null;
      const keysAt = provider.keys === null ? null : `${name}.example/keys`;
      return { title: name, keysAt, hasLogin: false, setup: { baseUrl: null, api: null } };
    },
    nearest: (name) => Object.keys(providers).find((known) => known.startsWith(name.slice(0, 2))) ?? null,
    async check({ provider: name, model }, key) {
      const provider = providers[name];
      if (provider === undefined) return "unasked";
      if (isDown) throw unavailable(name);
      const { keys, models } = provider;
      if (keys !== null && !keys.some((good) => good.reveal() === key?.reveal())) throw refused(name);
      if (!models.includes(model)) throw unknown(name, model);
      return "good";
    },
    down() {
      isDown = true;
    },
    up() {
      isDown = false;
    },
  };
}

function refused(name: string): OpsError {
  return new OpsError({ code: "key-refused", userMessage: `${name} does not take this key.`, hint: "Make a new one." });
}

function unknown(name: string, model: string): OpsError {
  return new OpsError({ code: "not-found", userMessage: `${name} has no model "${model}".`, hint: "Choose another." });
}

function unavailable(name: string): OpsError {
  const fields = { code: "model-unavailable", userMessage: `${name} does not answer.`, retry: "later" } as const;
  return new OpsError({ ...fields, hint: "Try again later." });
}
