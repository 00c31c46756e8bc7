import type { ModelProvider } from "../../src/core/agent-settings.ts";
import type { Secret } from "../../src/core/secrets.ts";

/** What is known of a provider of models by its name alone. */
export interface KnownProvider {
  /** As it calls itself. */
  readonly title: string;
  /** Where one gets a key; null: it takes none, or not from Creel. */
  readonly keysAt: string | null;
  /** Whether the gateway can log in there by itself, with a subscription or a code, instead of a key. */
  readonly hasLogin: boolean;
  /** What its settings have to say for the gateway to know it; nulls: OpenClaw brings it. */
  readonly setup: Pick<ModelProvider, "baseUrl" | "api">;
}

export interface ModelQuestion {
  /** Its name in the settings. */
  readonly provider: string;
  readonly settings: ModelProvider;
  /** Without the provider's name. */
  readonly model: string;
}

/** What providers of models say of keys and models. The contract suite in `test/contract/model-api.ts` holds for every implementation. */
export interface ModelApis {
  /** Asks nobody. null: only an address of it, in its settings, helps. */
  known(provider: string): KnownProvider | null;
  /** The nearest name of one that is known, for who has mistyped it; null when none is near. Asks nobody. */
  nearest(provider: string): string | null;
  /**
   * Asks the provider whether it takes the key and has the model; nothing is computed, and nothing is paid for. `unasked`: it cannot be asked from
   * here, or does not say, so only an answer of the model is proof. Up to 20 s.
   * @throws OpsError `key-refused` also when there is none and one is wanted, `not-found` for a model that it does not have, and
   * `model-unavailable` (later) when it does not answer or asks to wait.
   */
  check(question: ModelQuestion, key: Secret | null, signal?: AbortSignal): Promise<"good" | "unasked">;
}
