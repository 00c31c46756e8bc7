import type { Finding } from "../../src/core/finding.ts";
import type { Host } from "../../src/core/host.ts";
import type { AgentName, HostName, OperationId } from "../../src/core/names.ts";

export interface HostSpec {
  readonly name: HostName;
  readonly agent: AgentName;
  readonly operation: OperationId;
  /** null: the provider's default. */
  readonly region: string | null;
  readonly size: string | null;
  /** cloud-init user-data, complete, `#cloud-config` in its first line. */
  readonly userData: string;
  /** Of the host key inside `userData`; kept as a label. */
  readonly hostKeyFingerprint: string;
}

export interface Size {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
}

export interface Offers {
  /** The first one is the default. */
  readonly regions: readonly string[];
  /** The first one is the default. */
  readonly sizes: readonly Size[];
}

/** A place outside the host from which one of the host's own TCP ports would be reached, if the host let it. */
export interface OutsideView {
  readonly address: string;
  readonly port: number;
}

/**
 * Creates and removes hosts. Every host carries the labels `managed-by=creel`, agent and operation; hosts without them are
 * never returned nor touched. All calls may throw OpsError `provider-failed`, `capacity` or `tool-missing`.
 * The contract suite in `test/contract/provider.ts` holds for every implementation.
 */
export interface Provider {
  readonly name: string;
  offers(): Promise<Offers>;
  /**
   * Creates and starts a host. Idempotent by `spec.name`: a host of that name is returned as it is (started when it was stopped),
   * also when an earlier call was cut off in the middle. Returns before the host has booted.
   * @throws OpsError `input-invalid` for a region or size that is not offered, `capacity`, `address-in-use`, `snapshot-failed`.
   */
  create(spec: HostSpec, signal: AbortSignal): Promise<Host>;
  /** null when it does not exist (any more): not an error. */
  find(name: HostName): Promise<Host | null>;
  /** Sorted by name. */
  list(): Promise<Host[]>;
  /** Replaces the host key label after a rotation. Idempotent. @throws OpsError `host-gone`. */
  setHostKeyFingerprint(name: HostName, fingerprint: string): Promise<void>;
  /** Switches a stopped host on. Idempotent. @throws OpsError `host-gone`. */
  start(name: HostName): Promise<void>;
  /** Removes the host and everything that belonged to it. Idempotent: already gone is success. */
  destroy(name: HostName): Promise<void>;
  /** The end of the host's console, oldest line first; empty when there is none. */
  consoleTail(name: HostName, lines: number): Promise<string[]>;
  /** Where a probe from outside has to knock to see whether `port` of the host is exposed. */
  outsideView(host: Host, port: number): OutsideView;
  /** What `creel doctor` wants to know: programs, permissions, credentials, each tried for real. Never throws an OpsError. */
  diagnose(): Promise<Finding[]>;
  readonly snapshots: Snapshots;
}

export interface Snapshot {
  /** Of everything that goes into it. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  /** Gateway version inside. */
  readonly openclawVersion: string;
}

export interface SnapshotStatus {
  /** The fingerprint a snapshot made now would have. */
  readonly wanted: string;
  /** The snapshot `create` would use; null when it has to be built first. */
  readonly current: Snapshot | null;
  /** Newest first, `current` included. */
  readonly all: readonly Snapshot[];
}

export interface SnapshotProgress {
  /** Such as "Installing OpenClaw". */
  readonly stage: string;
  /** 1-based. */
  readonly number: number;
  readonly of: number;
}

/** The disk images new hosts start from. */
export interface Snapshots {
  status(): Promise<SnapshotStatus>;
  /**
   * Makes sure that a snapshot with the wanted fingerprint exists. Idempotent and safe to call from several processes at once:
   * one builds, the others wait. A cut-off build leaves nothing that a later call would take for whole. Old snapshots stay.
   * @throws OpsError `snapshot-failed` with the end of the build log, `capacity`, `tool-missing`, `cancelled`.
   */
  build(
    report: (progress: SnapshotProgress) => void,
    signal: AbortSignal,
    options?: { readonly force: boolean },
  ): Promise<Snapshot>;
}
