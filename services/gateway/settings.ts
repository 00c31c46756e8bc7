import type { AgentSettings, KeptSettings } from "../../src/core/agent-settings.ts";
import type { Secret, SecretRef } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";

/** What an agent's gateway is set up with. `secrets` has a value for every reference in `settings`. For memory only. */
export interface GatewaySetup {
  readonly settings: AgentSettings;
  readonly secrets: ReadonlyMap<SecretRef, Secret>;
}

/** What decides its configuration. */
export interface SetupSpec {
  /** Loopback port on the host. */
  readonly port: number;
  /** A container image that is already on the host, with tag. */
  readonly containerImage: string;
  readonly setup: GatewaySetup;
}

/** Changes what a gateway is set up with, while it runs or not. One change at a time: `put`, then `settle` or `goBack` and `settle`. */
export interface GatewaySettings {
  /**
   * Has the OpenClaw on the host look at the configuration that `setup` makes, in a container of its own; changes nothing. Takes 3 to 10 s.
   * @throws OpsError `settings-refused` with its complaints, each with the path in Creel's settings.
   */
  check(shell: HostShell, spec: SetupSpec, signal: AbortSignal): Promise<void>;
  /**
   * The settings whose secrets have values that the gateway was not given, such as `channels.telegram.token`; in any order. Changes nothing, and is of no
   * use after `put`.
   */
  renewed(shell: HostShell, spec: SetupSpec, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Gives the gateway another setup: secrets are added, then the configuration is renamed into place; what was before the first `put` is kept for
   * `goBack`. Idempotent; may be cut off anywhere: the old configuration holds, or the new one.
   */
  put(shell: HostShell, spec: SetupSpec, signal: AbortSignal): Promise<void>;
  /**
   * One look: returns when the running gateway has taken the configuration that is in place, and is ready. `restarted`: it has been started since
   * that was put there. @throws OpsError `gateway-not-ready` (retry later) while it has not; what `checkReady` throws when it never will.
   */
  taken(shell: HostShell, port: number, signal: AbortSignal): Promise<{ readonly restarted: boolean }>;
  /** Puts the configuration from before `put` back, whatever has become of the gateway. Idempotent; nothing when there is none. */
  goBack(shell: HostShell, signal: AbortSignal): Promise<void>;
  /** Forgets what was before, with the secrets that nothing refers to any more. Idempotent. */
  settle(shell: HostShell, signal: AbortSignal): Promise<void>;
  /** What `keep` kept last, not checked; null when there is none, a text when it is no JSON. @throws OpsError `host-command-failed` when it cannot be read. */
  kept(shell: HostShell, signal: AbortSignal): Promise<unknown>;
  /** Keeps it on the host, where it is found when Creel has lost its own record. Idempotent. */
  keep(shell: HostShell, kept: KeptSettings, signal: AbortSignal): Promise<void>;
}
