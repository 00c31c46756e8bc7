import type { AgentName } from "../../src/core/names.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { WorkspaceFile } from "../workspace/workspace.ts";
import type { GatewaySettings, GatewaySetup } from "./settings.ts";
import type { ChannelLook, GatewayTalk } from "./talk.ts";

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
  readonly setup: GatewaySetup;
  /** What a new agent finds in its workspace; one that has a workspace keeps it as it is. null: what OpenClaw gives it. */
  readonly workspace: readonly WorkspaceFile[] | null;
}

/** What decides its units. */
export type UnitSpec = Pick<GatewaySpec, "memoryMb" | "containerImage">;

/** What decides its files. `token` and `setup` are asked for only where the host cannot read its own any more, or refuses it. */
export type RepairSpec = Omit<GatewaySpec, "agent" | "token" | "setup" | "workspace"> & {
  readonly token: () => Promise<GatewaySpec["token"]>;
  readonly setup: () => Promise<GatewaySetup>;
};

/** unready: it runs for longer than a start takes, and is not ready all the same. */
export type GatewayState =
  | "ready"
  | "starting"
  | "unready"
  | "draining"
  | "stopped"
  | "crashed"
  | "config-invalid"
  | "absent";

export interface GatewayHealth {
  readonly state: GatewayState;
  /** OpenClaw's version; null while it cannot be asked. */
  readonly version: string | null;
  /** Since the current start; null when not running. */
  readonly startedAtMs: number | null;
  readonly memoryBytes: number | null;
  /** Automatic restarts by systemd since the unit was started. */
  readonly restarts: number;
  /** Why it is not ready, or what it lacks although it is: one or two sentences, in the words of `checkReady`. null when all is well. */
  readonly note: string | null;
  /** Those that are set up; null: it could not be asked. */
  readonly channels: readonly ChannelLook[] | null;
}

/** What is tried when the question is whether an agent reaches the network. */
export interface NetworkTarget {
  /** A name that has to be looked up. */
  readonly host: string;
  /** TCP. */
  readonly port: number;
}

export type NetworkLook =
  | { readonly reachable: true }
  /** `why` is half a sentence for a person, such as "10.0.0.2 does not know example.net". */
  | { readonly reachable: false; readonly obstacle: "lookup" | "connection"; readonly why: string };

/**
 * The OpenClaw gateway on a host, run by systemd from a Quadlet unit. All calls take the shell of the host they mean and may throw
 * what shells throw. The contract suite in `test/contract/gateway.ts` holds for every implementation.
 */
export interface Gateway {
  readonly talk: GatewayTalk;
  /**
   * Writes secrets, configuration, a new agent's workspace and units, checks the units with the Quadlet generator and reloads systemd.
   * Does not start anything. Idempotent; a token that is already on the host is kept. @throws OpsError `host-command-failed` with the generator's complaint.
   */
  install(shell: HostShell, spec: GatewaySpec, signal: AbortSignal): Promise<void>;
  /**
   * Starts the gateway unless it runs, forgetting earlier failures. Returns before it is ready. Idempotent.
   * @throws OpsError `host-command-failed` when it is not installed; what `checkReady` throws when it cannot even begin.
   */
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
  /**
   * While it is stopped: puts right whatever holds nothing of the agent, such as unit files that are missing, Podman's storage, a container
   * that was left behind and the secrets in memory, and says what was not right, such as `the secrets in memory`. A configuration that the
   * gateway has refused, or that is not there, is replaced by Creel's own, and kept beside it. The agent's data is never touched. Idempotent.
   * @throws OpsError `gateway-crashed`, `secret-unavailable` with the host's complaint as evidence when that did not help.
   */
  repair(shell: HostShell, spec: RepairSpec, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * For a ready gateway that has not started its channels because it ended badly several times: starts them, and returns their names.
   * Idempotent: empty when there are none. @throws OpsError `gateway-rpc-failed`.
   */
  resumeChannels(shell: HostShell, port: number, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Looks the target's name up and connects to it from inside the gateway's container, as the agent would. That it cannot is a result.
   * Takes up to 13 s. The gateway has to run. @throws OpsError `host-command-failed` when it could not be tried.
   */
  lookOutside(shell: HostShell, target: NetworkTarget, signal?: AbortSignal): Promise<NetworkLook>;
  /** The end of the gateway's log, oldest first, not redacted. */
  logs(shell: HostShell, lines: number): Promise<string[]>;
  /** Stops it, letting replies in flight finish. Idempotent. */
  stop(shell: HostShell, signal: AbortSignal): Promise<void>;
  readonly settings: GatewaySettings;
}

/** What it can be asked to do. */
export type GatewayCall = Exclude<keyof Gateway, "settings" | "talk"> | keyof GatewaySettings | keyof GatewayTalk;
