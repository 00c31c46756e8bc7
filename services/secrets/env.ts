import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { SecretSource } from "./secrets.ts";

/** Secrets from environment variables: `env:NAME`. */
export function envSecrets(environment: Readonly<Record<string, string | undefined>>): SecretSource {
  return {
    scheme: "env",
    async resolve(ref) {
      const name = ref.slice("env:".length);
      const value = environment[name];
      if (value !== undefined && value !== "") return new Secret(value);
      throw new OpsError({
        code: "secret-unavailable",
        userMessage: `The environment variable ${name} is not set.`,
        hint: `Set ${name} for the process that runs Creel, or change the setting that refers to ${ref}.`,
      });
    },
  };
}
