import type { AgentName, HostName, OperationId } from "./names.ts";

/** What runs on hosts of which an older Creel has not written it down. */
export const FIRST_SYSTEM = "debian";

export type HostState = "running" | "stopped";

/** A machine that a provider created for Creel. */
export interface Host {
  readonly name: HostName;
  /** The provider's name. */
  readonly provider: string;
  readonly state: HostState;
  /** Those it is for, sorted. None: it waits for one, as in a pool. Several may share it, as on a server of one's own. */
  readonly agents: readonly AgentName[];
  /** The operation that created it. */
  readonly operation: OperationId;
  readonly createdAtMs: number;
  readonly region: string;
  readonly size: string;
  /** Its operating system, as Creel knows it: such as `debian`. */
  readonly system: string;
  /** Id of the image that its disk was made of; null when that was not written down. */
  readonly image: string | null;
  /** Where SSH listens, seen from Creel. `address` is an IPv4 or IPv6 address. */
  readonly address: string;
  readonly sshPort: number;
  /** The gateway's port on the host, as it was set when the host was made. */
  readonly gatewayPort: number;
  /** Name and tag of the container image that its gateway runs from. */
  readonly containerImage: string;
  /** SHA-256 of the SSH host key Creel expects, base32 in lower case without padding: 52 characters, valid as a label of every cloud. */
  readonly hostKeyFingerprint: string;
  /** Of the key that it may have instead, while it changes its key; else null. */
  readonly nextHostKeyFingerprint: string | null;
}
