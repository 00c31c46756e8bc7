import type { Finding } from "../../src/core/finding.ts";
import type { Opening } from "../../src/core/firewall.ts";
import type { Host } from "../../src/core/host.ts";
import type { AgentName, HostName, OperationId } from "../../src/core/names.ts";
import type { Offers } from "../../src/core/offers.ts";
import type { FirstBoot } from "../system/system.ts";
import type { HostLabelChanges } from "./labels.ts";

export interface HostSpec {
  readonly name: HostName;
  readonly agents: readonly AgentName[];
  readonly operation: OperationId;
  /** null: the provider's default. */
  readonly region: string | null;
  readonly size: string | null;
  /** Id of the image that its disk is made of. */
  readonly image: string;
  /** Name of the system that the image brings; kept as a label. */
  readonly system: string;
  readonly firstBoot: FirstBoot;
  /** What may come in, from its first moment on. */
  readonly openings: readonly Opening[];
  /** Of the host key that the host proves to have after its first boot; kept as a label. */
  readonly hostKeyFingerprint: string;
}

/** A place at which one of the host's own TCP ports would be reached from outside, if the host let it. */
export interface OutsideView {
  readonly address: string;
  readonly port: number;
}

/**
 * Creates and removes hosts. Every host carries its labels (`labels.ts`); machines without them are never returned nor touched, and what no label can be is refused. All calls may throw OpsError `provider-failed`, `capacity` or `tool-missing`.
 * One whose signal aborts rejects with the signal's reason when that is an OpsError, else with OpsError `cancelled`; what it has begun may have its
 * effect, and doing it again is safe.
 * The contract suite in `test/contract/provider.ts` holds for every implementation.
 */
export interface Provider {
  readonly name: string;
  /** false: its hosts are kept away from the internet on purpose. */
  readonly internet: boolean;
  /** What can be had now. */
  offers(signal?: AbortSignal): Promise<Offers>;
  /**
   * Creates and starts a host. Idempotent by `spec.name`: a host of that name is returned as it is (started when it was stopped),
   * also when an earlier call was cut off in the middle. Returns before the host has booted.
   * `report` hears what is being done, in a few words such as "Starting it", and nothing more once the call has ended.
   * @throws OpsError `input-invalid` for a region or size that is not offered or not there now, or for a format of first boot that its hosts cannot be given;
   * `capacity`, `address-in-use`, `image-failed` when there is no such image.
   */
  create(spec: HostSpec, signal: AbortSignal, report?: (doing: string) => void): Promise<Host>;
  /** null when it does not exist (any more): not an error. */
  find(name: HostName, signal?: AbortSignal): Promise<Host | null>;
  /** Sorted by name. */
  list(signal?: AbortSignal): Promise<Host[]>;
  /** Replaces those labels of a host and leaves the others, and whether it runs. Idempotent. @throws OpsError `host-gone`. */
  setLabels(name: HostName, labels: HostLabelChanges, signal?: AbortSignal): Promise<void>;
  /** Switches a stopped host on. Idempotent. @throws OpsError `host-gone`. */
  start(name: HostName, signal?: AbortSignal): Promise<void>;
  /** Switches a running host off, its system first where that can be asked; its disk stays. Idempotent. @throws OpsError `host-gone`. */
  stop(name: HostName, signal?: AbortSignal): Promise<void>;
  /** Off and on again; one that is off is switched on. Safe to repeat. Returns before the host has booted. @throws OpsError `host-gone`. */
  reboot(name: HostName, signal?: AbortSignal): Promise<void>;
  /**
   * Lets in, from now on and for as long as the host lives, what these say and nothing else but answers to what the host itself began. Whatever
   * the host does, it cannot open more. Idempotent.
   * @throws OpsError `host-gone`, `input-invalid` for what is no port or network, `wrong-state` where that cannot be changed while it runs.
   */
  setOpenings(name: HostName, openings: readonly Opening[], signal?: AbortSignal): Promise<void>;
  /** Removes the host and everything that belonged to it. Idempotent: already gone is success. */
  destroy(name: HostName, signal?: AbortSignal): Promise<void>;
  /** The end of the host's console, oldest line first; empty when there is none. */
  consoleTail(name: HostName, lines: number, signal?: AbortSignal): Promise<string[]>;
  /**
   * Where a probe from outside has to knock to see whether `port` of the host is exposed: one place for each address under which strangers find
   * the host now, as IPv4 beside IPv6, and the port counts as closed when all of them are. Empty when nobody from outside gets to that port.
   */
  outsideViews(host: Host, port: number, signal?: AbortSignal): Promise<readonly OutsideView[]>;
  /** What `creel doctor` wants to know: programs, permissions, credentials, each tried for real. Never throws an OpsError. */
  diagnose(): Promise<Finding[]>;
  readonly images: Images;
}

export interface Image {
  /** What a host is made with; of this build alone, as a later one of the same recipe may hold newer packages. */
  readonly id: string;
  /** Of everything that goes into it. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  /** Name of the system that its hosts have. */
  readonly system: string;
  /** Gateway version inside. */
  readonly openclawVersion: string;
}

export interface ImageStatus<I extends Image = Image> {
  /** The fingerprint an image made now would have. */
  readonly wanted: string;
  /** In what it would differ from the newest one there is, as far as that is known, such as "OpenClaw 2026.9.5 → 2026.9.6". */
  readonly changes: readonly string[];
  /** After so many days an image is called out as too old. */
  readonly maxAgeDays: number;
  /** What a new host should start from; null when it has to be built first. */
  readonly current: I | null;
  /** All that a host can be made from, newest first, `current` included. */
  readonly all: readonly I[];
}

export interface ImageProgress {
  /** Such as "Installing OpenClaw". */
  readonly stage: string;
  /** 1-based. */
  readonly number: number;
  readonly of: number;
}

export interface ImageMade<S extends Image = Image> {
  readonly image: S;
  readonly built: boolean;
}

/** The disk images new hosts start from. */
export interface Images {
  status(signal?: AbortSignal): Promise<ImageStatus>;
  /**
   * Makes sure that an image with the wanted fingerprint exists. Idempotent and safe to call from several processes at once:
   * one builds, the others wait. A cut-off build leaves nothing that a later call would take for whole.
   * `built` false: there was one, or another process had made it by then.
   * The newest two images and those that hosts use, or were made from lately, stay; a build removes others.
   * @throws OpsError `image-failed` with the end of the build log, `capacity`, `tool-missing`, `cancelled`.
   */
  build(
    report: (progress: ImageProgress) => void,
    signal: AbortSignal,
    options?: { readonly force: boolean },
  ): Promise<ImageMade>;
  /** Idempotent: already gone is success. @throws OpsError `wrong-state` that says so when a host stands on it. */
  remove(id: string, signal?: AbortSignal): Promise<void>;
}
