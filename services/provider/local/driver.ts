import type { Finding } from "../../../src/core/finding.ts";
import type { Opening } from "../../../src/core/firewall.ts";
import type { Host } from "../../../src/core/host.ts";
import type { OutsideView } from "../provider.ts";
import type { ImagePart } from "./host-images.ts";
import type { HostIdentity, Whereabouts } from "./identity.ts";
import type { HostRecord, Place } from "./record.ts";
import type { RunningHost } from "./running.ts";

/** The host that is to be booted, and what it is booted from. */
export interface Boot {
  readonly record: HostRecord;
  readonly identity: HostIdentity;
  /** Directory of its image. */
  readonly image: string;
  readonly internet: boolean;
  readonly gatewayPort: number;
}

/** How hosts run on this machine. Everything is idempotent. The contract suite in `test/contract/local-driver.ts` holds for every implementation. */
export interface LocalDriver {
  /** As in the places of its hosts. */
  readonly name: Place["driver"];
  /** @throws OpsError `tool-missing`. */
  requireTools(signal: AbortSignal): Promise<void>;
  /** What its hosts need of their image for as long as they live. */
  readonly part: ImagePart;
  /** An address that none of `others` has, for a new host or for one that cannot keep its own. @throws OpsError `capacity`, `address-in-use`. */
  findPlace(others: readonly HostRecord[], own?: Place): Promise<Place>;
  /**
   * Boots the host, which must not run, from its disk, which is made from the image first when there is none yet, after clearing away what
   * an earlier life has left. @throws OpsError `address-in-use` when the record's place has been taken meanwhile, `provider-failed`, `capacity`.
   */
  boot(host: Boot, signal: AbortSignal): Promise<void>;
  whereabouts(identity: HostIdentity): Promise<Whereabouts>;
  /** Every host that runs on this machine, of whichever state folder, as far as this user may see them. */
  running(): Promise<RunningHost[]>;
  /** Which of what a size promises is kept. @throws OpsError `tool-missing`. */
  sizes(): Promise<Omit<Finding, "subject">>;
  /** Ends every process of the host, wherever it runs from, and removes what it has outside its folder. */
  halt(identity: HostIdentity): Promise<void>;
  /** Asks the system of a running host to end, and waits for that as long as is fair; then as `halt`. */
  powerOff(identity: HostIdentity, signal: AbortSignal): Promise<void>;
  /** Puts back what a running host needs outside of itself, where it has gone missing. @throws OpsError `provider-failed`. */
  repairSurroundings(host: Pick<Boot, "record" | "identity" | "internet">): Promise<void>;
  /**
   * Lets only that in to a running host from now on; `boot` does so with what the record says. @throws OpsError `provider-failed`, `wrong-state` when
   * it can be changed only while the host is off.
   */
  setOpenings(host: Pick<Boot, "record" | "identity">, openings: readonly Opening[]): Promise<void>;
  /** Called after a host has gone: removes what it shared with others, once this machine has none of any state folder that needs it. */
  release(place: Place): Promise<void>;
  /** What is wrong around these running hosts of this state folder; empty when nothing is. @throws OpsError when it cannot look. */
  diagnose(running: readonly { readonly place: Place; readonly internet: boolean }[]): Promise<Finding[]>;
  address(place: Place): Pick<Host, "address" | "sshPort">;
  /** As `Provider.outsideViews`, at once. */
  outsideViews(record: HostRecord, port: number): readonly OutsideView[];
}
