import type { AgentName } from "../../src/core/names.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";

export interface GatewaySpec {
  readonly agent: AgentName;
  /** Of the host; limits for the gateway are derived from it. */
  readonly memoryMb: number;
  /** Loopback port on the host. */
  readonly port: number;
  /** A container image that is already on the host, with tag. */
  readonly containerImage: string;
  /** null: a fresh random token is made on first delivery. */
  readonly token: Secret | null;
}

export type GatewayState = "ready" | "starting" | "draining" | "stopped" | "crashed" | "config-invalid" | "absent";

export interface GatewayHealth {
  readonly state: GatewayState;
  /** OpenClaw's version; null while it cannot be asked. */
  readonly version: string | null;
  /** Since the current start; null when not running. */
  readonly startedAtMs: number | null;
  readonly memoryBytes: number | null;
  /** Automatic restarts by systemd since the unit was started. */
  readonly restarts: number;
}

/**
 * The OpenClaw gateway on a host, run by systemd from a Quadlet unit. All calls take the shell of the host they mean and may throw
 * what shells throw. The contract suite in `test/contract/gateway.ts` holds for every implementation.
 */
export interface Gateway {
  /**
   * Writes secrets, configuration and units, checks the units with the Quadlet generator and reloads systemd. Does not start anything.
   * Idempotent; a token that is already on the host is kept. @throws OpsError `host-command-failed` with the generator's complaint.
   */
  install(shell: HostShell, spec: GatewaySpec, signal: AbortSignal): Promise<void>;
  /** Starts the gateway unless it runs, forgetting earlier failures. Returns before it is ready. Idempotent. */
  start(shell: HostShell, signal: AbortSignal): Promise<void>;
  /**
   * One look: returns when `/readyz` says ready. @throws OpsError `gateway-not-ready` (retry later) while it comes up,
   * `gateway-config-invalid`, `gateway-crashed` or `capacity` (the host's disk is full) with log lines as evidence, never retried.
   */
  checkReady(shell: HostShell, port: number, signal: AbortSignal): Promise<void>;
  /** Connects over WebSocket with the token on the host and returns the version. @throws OpsError `gateway-rpc-failed` when a scope is missing. */
  checkAccess(
    shell: HostShell,
    port: number,
    signal: AbortSignal,
  ): Promise<{ readonly version: string; readonly scopes: readonly string[] }>;
  health(shell: HostShell, port: number): Promise<GatewayHealth>;
  /** The end of the gateway's log, oldest first, not redacted. */
  logs(shell: HostShell, lines: number): Promise<string[]>;
  /** Stops it, letting replies in flight finish. Idempotent. */
  stop(shell: HostShell, signal: AbortSignal): Promise<void>;
}
