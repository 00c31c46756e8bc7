import { OpsError } from "../../src/core/errors.ts";
import type { Secret, SecretRef } from "../../src/core/secrets.ts";
import type { SecretSource } from "./secrets.ts";

/** Asks the source that a reference names. `onResolved` sees every value, so that it can be hidden in logs from then on. */
export function secretResolver(
  sources: readonly SecretSource[],
  onResolved: (secret: Secret) => void,
): (ref: SecretRef) => Promise<Secret> {
  return async (ref) => {
    const source = sources.find(({ scheme }) => ref.startsWith(`${scheme}:`));
    if (source === undefined) {
      throw new OpsError({
        code: "secret-unavailable",
        userMessage: `Nothing here can resolve ${ref}.`,
        hint: `References that work: ${sources.map(({ scheme }) => `${scheme}:…`).join(", ")}.`,
      });
    }
    const secret = await source.resolve(ref);
    onResolved(secret);
    return secret;
  };
}
