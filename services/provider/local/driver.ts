import type { Finding } from "../../../src/core/finding.ts";
import type { Host } from "../../../src/core/host.ts";
import type { OutsideView } from "../provider.ts";
import type { HostRecord, Place } from "./record.ts";

/** How hosts run on this machine. Everything is idempotent. */
export interface LocalDriver {
  /** @throws OpsError `tool-missing`. */
  requireTools(signal: AbortSignal): Promise<void>;
  /** An address for a new host that none of `others` has. @throws OpsError `capacity`, `address-in-use`. */
  findPlace(others: readonly HostRecord[]): Promise<Place>;
  /**
   * Boots the host from its disk, which is made from the snapshot first when there is none yet, after clearing away what an earlier
   * life has left. @throws OpsError `address-in-use` when the record's place has been taken meanwhile, `provider-failed`, `capacity`.
   */
  boot(record: HostRecord, folder: string, signal: AbortSignal): Promise<void>;
  isRunning(record: HostRecord, folder: string): Promise<boolean>;
  /** Ends every process of the host and removes what it has outside its folder. */
  halt(record: HostRecord, folder: string): Promise<void>;
  /** Puts back what running hosts need outside of themselves, where it has gone missing. @throws OpsError `provider-failed`. */
  repairSurroundings(): Promise<void>;
  /** Called after a host has gone: removes what hosts share, once this machine has none of any state folder that needs it. */
  release(): Promise<void>;
  /** What is wrong around so many running hosts of this state folder; empty when nothing is. @throws OpsError when it cannot look. */
  diagnose(runningHosts: number): Promise<Finding[]>;
  address(place: Place): Pick<Host, "address" | "sshPort">;
  outsideView(host: Host, port: number): OutsideView;
}
