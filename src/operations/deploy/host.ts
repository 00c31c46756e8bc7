import type { Provider } from "../../../services/provider/provider.ts";
import type { Agent } from "../../core/agent.ts";
import { OpsError } from "../../core/errors.ts";
import type { Host } from "../../core/host.ts";
import { acceptBoth } from "../../core/host-keys.ts";
import { hostNameFor, type OperationId } from "../../core/names.ts";
import { type Services, selectProvider } from "../services.ts";
import type { Connection } from "./connection.ts";
import { firstBootDone } from "./first-boot.ts";
import type { DeployContext, DeployParams } from "./steps.ts";

/** Everything that can be known to fail before anything is touched. */
export async function validateRequest(services: Services, provider: Provider, request: DeployParams) {
  const agent = await services.registry.get(request.name);
  if (agent?.state === "serving") {
    throw new OpsError({
      code: "already-exists",
      userMessage: `There is already an agent called ${request.name}.`,
      hint: `/status agent:${request.name} shows it; /destroy agent:${request.name} removes it.`,
    });
  }
  const stranger = (await provider.list()).find((host) => host.agent === request.name && host.name !== agent?.host);
  if (stranger !== undefined) {
    throw new OpsError({
      code: "already-exists",
      userMessage: `${provider.name} has a host of an agent called ${request.name} that is not in the list: ${stranger.name}.`,
      hint: "Leave Creel and run creel adopt: it takes the agent in again. Or choose another name.",
    });
  }
  // Read again where it is used: nothing of it may be stored.
  await services.gatewaySettings.token();
  const { regions, sizes } = await provider.offers();
  const sizeNames = sizes.map(({ name }) => name);
  const size = request.size === null ? sizes[0] : sizes.find(({ name }) => name === request.size);
  if (size === undefined) throw notOffered("size", request.size, sizeNames);
  if (request.region !== null && !regions.includes(request.region)) throw notOffered("region", request.region, regions);
  return { memoryMb: size.memoryMb, provider: provider.name };
}

function notOffered(what: string, asked: string | null, offered: readonly string[]): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: `There is no ${what} called ${JSON.stringify(asked ?? "")}.`,
    hint: `Use one of: ${offered.join(", ")}.`,
  });
}

/** Whatever an earlier deploy of the same name left when it failed is removed first: one agent, one host. */
export async function reserveName(services: Services, agent: Agent): Promise<Record<string, never>> {
  const before = await services.registry.get(agent.name);
  if (before?.host && before.host !== agent.host) await selectProvider(services, before.provider).destroy(before.host);
  await services.registry.put(agent);
  return {};
}

/** Idempotent: a repetition makes another host key, but gets the host that was created with the first one. */
export async function createHost(
  services: Services,
  provider: Provider,
  { id, request }: { readonly id: OperationId; readonly request: DeployParams },
  signal: AbortSignal,
) {
  const name = hostNameFor(request.name, id);
  const hostKey = services.hostKeys.generate();
  const authorizedKey = await services.shells.authorizedKey();
  const host = await provider.create(
    {
      name,
      agent: request.name,
      operation: id,
      region: request.region,
      size: request.size,
      userData: services.userData({ hostName: name, authorizedKey, hostKey }),
      hostKeyFingerprint: hostKey.fingerprint,
    },
    signal,
  );
  return { ...host };
}

/** Waits for the end of the first boot, then replaces the host key that user-data carried by one that never left the host. */
export async function settleHost(
  services: Services,
  { step }: DeployContext,
  { connection, provider, host }: { readonly connection: Connection; readonly provider: Provider; readonly host: Host },
): Promise<void> {
  await step("boot", async ({ signal }) => {
    await connection.use(signal, (shell) => firstBootDone(shell, signal));
    return {};
  });
  const { fingerprint } = await step("prepareKey", async ({ signal }) => ({
    fingerprint: await connection.use(signal, (shell) => services.hostKeys.prepare(shell)),
  }));
  // A new connection may meet either key until the label says which.
  connection.accept(fingerprint);
  await step("activateKey", async ({ signal }) => {
    // Whatever is cut off or lost from here on, the label accepts the key that the host has.
    await provider.setHostKeyFingerprint(host.name, acceptBoth(host.hostKeyFingerprint, fingerprint));
    await connection.use(signal, (shell) => services.hostKeys.activate(shell, fingerprint));
    await provider.setHostKeyFingerprint(host.name, fingerprint);
    return {};
  });
}
