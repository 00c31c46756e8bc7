import type { Secret, SecretRef } from "../../src/core/secrets.ts";

/** Where secrets come from. Values are read when they are needed and kept nowhere. */
export interface SecretSource {
  /** Such as `env`: the part of a reference before its colon. */
  readonly scheme: string;
  /** @throws OpsError `secret-unavailable` with what to do; the message names the reference, never a value. */
  resolve(ref: SecretRef): Promise<Secret>;
}
