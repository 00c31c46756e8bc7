import type { Gateway } from "../../../services/gateway/gateway.ts";
import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import type { AgentSettings, KeptSettings } from "../../core/agent-settings.ts";
import type { Secret, SecretRef } from "../../core/secrets.ts";
export interface SetupSpec {
  readonly port: number;
  readonly containerImage: string;
  readonly setup: { readonly settings: AgentSettings; readonly secrets: ReadonlyMap<SecretRef, Secret> };
}
export interface GatewaySettings {
  check(shell: HostShell, spec: SetupSpec, signal: AbortSignal): Promise<void>;
  put(shell: HostShell, spec: SetupSpec, signal: AbortSignal): Promise<void>;
  taken(shell: HostShell, port: number, signal: AbortSignal): Promise<{ restarted: boolean }>;
  goBack(shell: HostShell, signal: AbortSignal): Promise<void>;
  settle(shell: HostShell, signal: AbortSignal): Promise<void>;
  kept(shell: HostShell, signal: AbortSignal): Promise<unknown>;
  keep(shell: HostShell, kept: KeptSettings, signal: AbortSignal): Promise<void>;
}
export type SetGateway = Gateway & { readonly settings: GatewaySettings };
