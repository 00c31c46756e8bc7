import { createHash } from "node:crypto";
import type { HostKeyPair, HostShells } from "../../../services/host-shell/host-shell.ts";
import type { Provider } from "../../../services/provider/provider.ts";
import type { HostSystem } from "../../../services/system/system.ts";
import type { Agent, AgentRegistry } from "../../core/agent.ts";
import {
  type AgentSettings,
  channelsGiven,
  channelsWaiting,
  type KeptSettings,
  NO_SETTINGS,
} from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import { ONLY_SSH } from "../../core/firewall.ts";
import { type AgentName, hostNameFor, type OperationId } from "../../core/names.ts";
import { chooseOffer } from "../../core/offers.ts";
import type { Connection } from "../connection.ts";
import type { Standing, StepContext } from "../definition.ts";
import { leaveHost, type Machine } from "../machine.ts";
import { type Providers, selectProvider } from "../providers.ts";
import { askServices, claimBots } from "../settings/ask-services.ts";
import { settingsOf } from "../settings/setup.ts";
import type { TokenPorts } from "./gateway.ts";
import { contentsOf, type SetupPorts } from "./setup.ts";
import type { DeployContext, DeployParams } from "./steps.ts";

export interface CreatePorts {
  readonly shells: HostShells;
  readonly makeHostKey: () => HostKeyPair;
}

interface CheckPorts extends TokenPorts, SetupPorts {
  readonly providers: Providers;
  readonly registry: Pick<AgentRegistry, "get" | "list">;
}

/** Everything that can be known to fail before anything is touched. */
export async function validateRequest(
  ports: CheckPorts,
  provider: Provider,
  request: DeployParams,
  signal: AbortSignal,
) {
  await requireFree(ports, request.name);
  const offer = await validateOffer(ports, provider, request, signal);
  const { settings, secrets, workspace } = await validateSetup(ports, request, signal);
  const { telegram, discord } = await askServices(ports, request.name, settings, secrets, signal);
  const bots = { telegram: telegram && { ...telegram }, discord: discord && { ...discord } };
  return {
    ...{ ...offer, settings: fingerprintOf(settings), model: settings.model },
    ...{ given: channelsGiven(settings), waiting: channelsWaiting(settings) },
    ...{ bots, warnings: [...(workspace?.warnings ?? [])] },
  };
}

/** The same before the operation exists: with what is under way, the name may be taken or become free. */
export async function checkRequest(
  ports: CheckPorts,
  request: DeployParams,
  { underWay, isUndoing, worksHere }: Standing,
): Promise<void> {
  if (underWay === "deploy" && !isUndoing) throw isBeingDeployed(request.name);
  if (underWay !== "destroy") await requireFree(ports, request.name);
  if (!worksHere) return;
  await validateOffer(ports, selectProvider(ports.providers, request.provider), request);
  await validateSetup(ports, request);
}

/** What of it is secret stays in memory, and is read again where it is used. */
async function validateSetup(ports: CheckPorts, { name }: DeployParams, signal?: AbortSignal) {
  await ports.gatewayToken();
  const agent = await ports.registry.get(name);
  const settings = await settingsOf(ports, name, agent?.settings.chosen ?? {});
  return { settings, ...(await contentsOf(ports, settings, signal)) };
}

async function requireFree({ registry }: Pick<CheckPorts, "registry">, name: AgentName): Promise<void> {
  const agent = await registry.get(name);
  if (agent?.state !== "serving") return;
  throw new OpsError({
    code: "already-exists",
    userMessage: `There is already an agent called ${name}.`,
    hint: `/status agent:${name} shows it; /destroy agent:${name} removes it.`,
  });
}

function isBeingDeployed(name: AgentName): OpsError {
  return new OpsError({
    code: "already-exists",
    userMessage: `${name} is being deployed already.`,
    hint: `/status agent:${name} shows it; /cancel stops it.`,
  });
}

async function validateOffer(ports: CheckPorts, provider: Provider, request: DeployParams, signal?: AbortSignal) {
  const agent = await ports.registry.get(request.name);
  const stranger = (await provider.list(signal)).find(
    (host) => host.agents.includes(request.name) && host.name !== agent?.host,
  );
  if (stranger !== undefined) {
    throw new OpsError({
      code: "already-exists",
      userMessage: `${provider.name} has a host of an agent called ${request.name} that is not in the list: ${stranger.name}.`,
      hint: "Leave Creel and run creel adopt: it takes the agent in again. Or choose another name.",
    });
  }
  const { region, size } = chooseOffer(await provider.offers(signal), request);
  return { memoryMb: size.memoryMb, provider: provider.name, region, size: size.name };
}

/**
 * Whatever an earlier deploy of the same name left when it failed is removed first: one agent, one host. What was chosen for it stays. Its bots are its own
 * from here on, and what it is set up with is on record. `settings`: their fingerprint; null: it has none.
 * @throws OpsError `already-exists` for the bot of another agent, `wrong-state` when creel.yaml says something else by now.
 */
export async function reserveName(
  ports: Pick<SetupPorts, "layersFor"> & { readonly providers: Providers; readonly registry: AgentRegistry },
  {
    bots,
    settings,
    ...agent
  }: Omit<Agent, "settings"> & Pick<KeptSettings, "bots"> & { readonly settings: string | null },
  signal: AbortSignal,
): Promise<Record<string, never>> {
  const old = await ports.registry.get(agent.name);
  const chosen = old?.settings.chosen ?? {};
  const applied = settings === null ? NO_SETTINGS : await settingsOf(ports, agent.name, chosen);
  if (settings !== null && fingerprintOf(applied) !== settings) throw changedMeanwhile(agent.name);
  const before = { chosen, applied: null, bots };
  const change = { operation: agent.lastOperation, before, after: { ...before, applied } };
  if (old?.host && old.host !== agent.host) {
    await claimBots(ports.registry, { ...old, change }, bots);
    await leaveHost(selectProvider(ports.providers, old.provider), old.host, agent.name, signal);
  }
  await claimBots(ports.registry, { ...agent, settings: before, change }, bots);
  return {};
}

function fingerprintOf(settings: AgentSettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}

function changedMeanwhile(name: AgentName): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `What creel.yaml says for ${name} was changed while its deploy began.`,
    hint: `/deploy name:${name} begins anew with what it says now.`,
  });
}

/** Idempotent: a repetition makes another host key, but gets the host that was created with the first one. */
export async function createHost(
  ports: CreatePorts,
  { provider, system }: { readonly provider: Provider; readonly system: HostSystem },
  {
    id,
    agent,
    region,
    size,
    image,
  }: {
    readonly id: OperationId;
    readonly agent: AgentName;
    /** null, as below, in journals of an older Creel: the provider's first choice. */
    readonly region: string | null;
    readonly size: string | null;
    readonly image: string | null;
  },
  { signal, detail }: StepContext,
) {
  const name = hostNameFor(agent, id);
  const hostKey = ports.makeHostKey();
  const authorizedKey = await ports.shells.authorizedKey();
  const host = await provider.create(
    {
      name,
      agents: [agent],
      operation: id,
      region,
      size,
      image: image ?? (await provider.images.status(signal)).current?.id ?? "",
      system: system.name,
      firstBoot: system.firstBoot({ hostName: name, authorizedKey, hostKey }),
      hostKeyFingerprint: hostKey.fingerprint,
      openings: ONLY_SSH,
    },
    signal,
    detail,
  );
  return { ...host };
}

/** Waits for the end of the first boot, then replaces the host key that came with it by one that never left the host. */
export async function settleHost(
  { step }: DeployContext,
  { provider, system, host }: Machine,
  connection: Connection,
): Promise<void> {
  await step("boot", async ({ signal }) => {
    await connection.use(signal, (shell) => system.settle(shell, signal));
    return {};
  });
  const { fingerprint } = await step("prepareKey", async ({ signal }) => ({
    fingerprint: await connection.use(signal, (shell) => system.prepareHostKey(shell, signal)),
  }));
  // A new connection may meet either key until the label says which.
  connection.accept(fingerprint);
  await step("activateKey", async ({ signal }) => {
    // Whatever is cut off or lost from here on, the labels accept the key that the host has.
    await provider.setLabels(host.name, { nextHostKeyFingerprint: fingerprint }, signal);
    await connection.use(signal, (shell) => system.activateHostKey(shell, fingerprint, signal));
    const switched = { hostKeyFingerprint: fingerprint, nextHostKeyFingerprint: null };
    await provider.setLabels(host.name, switched, signal);
    return {};
  });
}
