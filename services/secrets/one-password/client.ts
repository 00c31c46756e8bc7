import type { OpsError } from "../../../src/core/errors.ts";
import type { Secret, SecretRef } from "../../../src/core/secrets.ts";

/** 1Password, as one of its service accounts. */
export interface OnePasswordClient {
  /**
   * Reads all of them at once. Of each its value, or an OpsError `secret-unavailable` that says what of the reference there is not.
   * @throws OpsError `secret-unavailable` when nothing could be read: later, with what 1Password said to wait; never when it refuses the service
   * account's token.
   */
  readAll(refs: readonly SecretRef[]): Promise<ReadonlyMap<SecretRef, Secret | OpsError>>;
}
