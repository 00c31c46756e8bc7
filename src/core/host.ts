import type { AgentName, HostName, OperationId } from "./names.ts";

export type HostState = "running" | "stopped";

/** A machine that a provider created for Creel. */
export interface Host {
  readonly name: HostName;
  /** The provider's name. */
  readonly provider: string;
  readonly state: HostState;
  readonly agent: AgentName;
  /** The operation that created it. */
  readonly operation: OperationId;
  readonly createdAtMs: number;
  readonly region: string;
  readonly size: string;
  /** Where SSH listens, seen from Creel. `address` is an IPv4 or IPv6 address. */
  readonly address: string;
  readonly sshPort: number;
  /**
   * SHA-256 of the SSH host key Creel expects, base64url without padding: 43 characters, valid as a cloud label. Two of them with a
   * dot between, either of which is accepted, while the host changes its key.
   */
  readonly hostKeyFingerprint: string;
}
