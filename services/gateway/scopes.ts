import { rpcFailed } from "./failures.ts";

/** What a token has to give its bearer: everything Creel does with a gateway, pairing included. */
export const REQUIRED_SCOPES = ["operator.read", "operator.write", "operator.admin", "operator.pairing"] as const;

/** @throws OpsError `gateway-rpc-failed` that names the missing scopes. */
export function requireScopes(granted: readonly string[]): void {
  const missing = REQUIRED_SCOPES.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) throw rpcFailed(`it did not grant ${missing.join(", ")}`);
}
