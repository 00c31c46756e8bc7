import type { HostKeyPair, HostShell } from "../host-shell/host-shell.ts";

/**
 * What a new machine is told for its first boot, in the words of what sets it up. A provider carries it there as it is: as user-data, on a
 * disk, over a network.
 */
export type FirstBoot =
  | { readonly format: "cloud-config" | "ignition"; readonly text: string }
  /** It is set up already, such as a server of one's own. */
  | { readonly format: "none" };

export interface FirstBootFields {
  readonly hostName: string;
  /** One line, OpenSSH form; the only key that may log in. */
  readonly authorizedKey: string;
  /** What the host proves to be with at the first connection; replaced on it. */
  readonly hostKey: HostKeyPair;
}

export interface Login {
  readonly user: string;
  /** Program and arguments that run what follows as root, such as `sudo -n`; empty when the user is root. */
  readonly asRoot: readonly string[];
}

/**
 * What lies elsewhere from system to system. Root may write to the folders, and what is there is kept over reboots and updates, but for `image`.
 * The same on all, and as writable, are /var/lib, /var/cache, /run (in memory) and where systemd looks for credentials.
 */
export interface HostPaths {
  /** Unit files of systemd. */
  readonly units: string;
  /** Those of Quadlet. */
  readonly quadlets: string;
  /** What the image a host started from brings for Creel. May be missing, and nothing is written there. */
  readonly image: string;
  /** The program that makes units of what is in `quadlets`. */
  readonly quadletGenerator: string;
}

/** How a host keeps itself up to date. */
export interface Upkeep {
  /** Why security updates do not come by themselves, as a sentence; null when they do. */
  readonly trouble: string | null;
  /** Something was updated, and is in use only after a reboot. */
  readonly rebootNeeded: boolean;
}

/**
 * The operating system of a host: all that differs from one to the next, whoever provides the machine and whatever runs on it. Calls that take a
 * shell take one of a host that has this system, and may throw what shells throw. The contract suite in `test/contract/system.ts` holds for every
 * implementation.
 */
export interface HostSystem {
  /** As it is recorded with every host. */
  readonly name: string;
  readonly login: Login;
  readonly paths: HostPaths;
  /** The fields are data: whatever they contain, the host reads them as they are. */
  firstBoot(fields: FirstBootFields): FirstBoot;
  /**
   * Waits until the first boot is over, and sees to it that none comes again. Idempotent, also after a reboot.
   * @throws OpsError `first-boot-failed` with the host's own words as evidence.
   */
  settle(shell: HostShell, signal: AbortSignal): Promise<void>;
  /**
   * First half of a host key rotation: makes a new ed25519 key on the host, beside the one in use, and returns its fingerprint.
   * The private part never leaves the host. Idempotent: until it is activated, the same key is returned again.
   * Put it on the host's label of the next key before going on: a crash after `activateHostKey`, with the loss of all
   * that Creel remembers, would lock it out otherwise.
   */
  prepareHostKey(shell: HostShell, signal?: AbortSignal): Promise<string>;
  /**
   * Second half: the prepared key replaces the one in use, for connections made from now on; those that are open stay. Idempotent: does nothing
   * when the key with this fingerprint is in use already. @throws OpsError `host-command-failed` when no such key was prepared.
   */
  activateHostKey(shell: HostShell, fingerprint: string, signal?: AbortSignal): Promise<void>;
  /**
   * `body` with `paths` as shell variables and the functions of `files.sh` before it: how unit files get onto the host, and how systemd hears of
   * them. For `sh -c`.
   */
  script(body: string): string;
  /** Whether it is shutting down, so that what fails on it means nothing. */
  isEnding(shell: HostShell): Promise<boolean>;
  upkeep(shell: HostShell, signal?: AbortSignal): Promise<Upkeep>;
}
