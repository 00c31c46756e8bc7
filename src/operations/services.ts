import type { Gateway } from "../../services/gateway/gateway.ts";
import type { HostKeyPair, HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import type { OutsideView, Provider } from "../../services/provider/provider.ts";
import type { AgentRegistry } from "../core/agent.ts";
import { OpsError } from "../core/errors.ts";
import type { Secret } from "../core/secrets.ts";

/** The outside world as operations see it. */
export interface Services {
  /** By name; the first one is the default. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly shells: HostShells;
  readonly gateway: Gateway;
  readonly registry: AgentRegistry;
  readonly hostKeys: HostKeys;
  /** True when something answers at this place as a gateway would. */
  readonly probeExposed: (view: OutsideView, signal: AbortSignal) => Promise<boolean>;
  readonly userData: (fields: {
    readonly hostName: string;
    readonly authorizedKey: string;
    readonly hostKey: HostKeyPair;
  }) => string;
  readonly gatewaySettings: GatewaySettings;
}

interface HostKeys {
  generate(): HostKeyPair;
  /** Makes a new host key on the host, not in use yet, and returns its fingerprint. Idempotent: the prepared one is kept. */
  prepare(shell: HostShell): Promise<string>;
  /** Puts the prepared key into use and removes the old one. Idempotent. */
  activate(shell: HostShell, fingerprint: string): Promise<void>;
}

interface GatewaySettings {
  /** Loopback port on every host. */
  readonly port: number;
  /** With tag; part of the snapshot. */
  readonly containerImage: string;
  /** Resolves the configured token; null: every gateway makes its own. Read anew for every deploy. */
  readonly token: () => Promise<Secret | null>;
}

/** Hosts on this machine belong to one state folder, so where several share a Redis the provider is called `local@…`. */
function kind(services: Pick<Services, "providers">, name: string): Provider | undefined {
  return [...services.providers.values()].find((provider) => provider.name.startsWith(`${name}@`));
}

/** @throws OpsError `provider-failed` for a provider of another machine, `input-invalid` that names the providers there are. */
export function selectProvider(services: Pick<Services, "providers">, name: string | null): Provider {
  const wanted = name ?? services.providers.keys().next().value;
  const provider = wanted === undefined ? undefined : (services.providers.get(wanted) ?? kind(services, wanted));
  if (provider !== undefined) return provider;
  if (wanted?.includes("@")) {
    throw new OpsError({
      code: "provider-failed",
      userMessage: `${wanted} is another machine or state folder; its hosts cannot be reached from here.`,
      hint: "Run a worker there, and none here that takes its operations.",
    });
  }
  throw new OpsError({
    code: "input-invalid",
    userMessage: `There is no provider called ${JSON.stringify(wanted ?? "")}.`,
    hint: `Use one of: ${[...services.providers.keys()].join(", ")}.`,
  });
}
