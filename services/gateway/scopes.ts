import type { OpsError } from "../../src/core/errors.ts";
import { rpcFailed } from "./failures.ts";

/** What a token has to give its bearer: everything Creel does with a gateway, pairing included. */
export const REQUIRED_SCOPES = ["operator.read", "operator.write", "operator.admin", "operator.pairing"] as const;

/** Names what is missing: OpsError `gateway-rpc-failed`; null when nothing is. */
export function missingScopes(granted: readonly string[]): OpsError | null {
  const missing = REQUIRED_SCOPES.filter((scope) => !granted.includes(scope));
  return missing.length === 0 ? null : rpcFailed(`it did not grant ${missing.join(", ")}`);
}

/** @throws OpsError `gateway-rpc-failed` that names the missing scopes. */
export function requireScopes(granted: readonly string[]): void {
  const missing = missingScopes(granted);
  if (missing !== null) throw missing;
}
