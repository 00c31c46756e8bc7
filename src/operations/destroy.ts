import { z } from "zod";
import { noSuchAgent } from "../core/agent.ts";
import { asOpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName } from "../core/names.ts";
import { type Aftermath, defineOperation } from "./definition.ts";
import { agentName, host as hostSchema, nothing } from "./schemas.ts";
import { type Services, selectProvider } from "./services.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** A host that does not answer by then is removed without a farewell. */
const CONNECT_MS = 5 * SECOND;

/** `/destroy`: lets the gateway finish what it is doing, then removes the host and everything that belonged to it. */
export function destroyOperation(services: Services) {
  return defineOperation({
    kind: "destroy",
    version: 1,
    lane: "hosts",
    params: z.strictObject({ agent: agentName }),
    steps: {
      find: {
        title: "Find the agent",
        budgetMs: 30 * SECOND,
        output: z.strictObject({ provider: z.string(), host: hostSchema.nullable() }),
      },
      // The gateway delivers replies in flight for up to 330 s before it stops.
      stop: { title: "Stop the gateway", budgetMs: 7 * MINUTE, output: z.strictObject({ stopped: z.boolean() }) },
      remove: { title: "Remove the host", budgetMs: 5 * MINUTE, output: nothing },
      forget: { title: "Forget the agent", budgetMs: 30 * SECOND, output: nothing },
    },

    async run({ id, step }, { agent: name }) {
      const { provider: providerName, host } = await step("find", async () => {
        const agent = await services.registry.get(name);
        if (agent === null) throw noSuchAgent(name);
        await services.registry.put({ ...agent, lastOperation: id });
        const found = agent.host === null ? null : await selectProvider(services, agent.provider).find(agent.host);
        return { provider: agent.provider, host: found && { ...found } };
      });
      const provider = selectProvider(services, providerName);

      await step("stop", async ({ signal, detail }) => {
        if (host === null || host.state === "stopped") return { stopped: false };
        try {
          await stopGateway(services, host, signal);
          return { stopped: true };
        } catch (error) {
          if (signal.aborted) throw error;
          // A host that cannot be reached can still be removed; that is what was asked for.
          detail(asOpsError(error).userMessage);
          return { stopped: false };
        }
      });
      await step("remove", async () => {
        if (host !== null) await provider.destroy(host.name);
        return {};
      });
      await step("forget", async () => {
        await services.registry.remove(name);
        return {};
      });
      return { agent: name, host: host?.name ?? null };
    },

    cleanup: ({ signal }, { agent: name }) => goOnServing(services, name, signal),
  });
}

/** After a destroy that did not get to the end: what is still there serves again; what is gone already is forgotten. */
async function goOnServing(services: Services, name: AgentName, signal: AbortSignal): Promise<Aftermath> {
  const agent = await services.registry.get(name);
  if (agent === null) return { leftBehind: [], nextCommands: ["/status"] };
  const host = agent.host === null ? null : await selectProvider(services, agent.provider).find(agent.host);
  if (host === null) {
    await services.registry.remove(name);
    return { leftBehind: [], nextCommands: ["/status"] };
  }
  const nextCommands = [`/status agent:${name}`, `/destroy agent:${name}`];
  const exists = `Host ${host.name} at ${agent.provider} exists and is ${host.state}.`;
  if (agent.state !== "serving" || host.state === "stopped") return { leftBehind: [exists], nextCommands };
  try {
    await using shell = await services.shells.connect(host, { signal });
    await services.gateway.start(shell, signal);
    return { leftBehind: [`${exists} The gateway of ${name} was started again.`], nextCommands };
  } catch (error) {
    return {
      leftBehind: [`${exists} The gateway of ${name} may be stopped: ${asOpsError(error).userMessage}`],
      nextCommands,
    };
  }
}

async function stopGateway(services: Services, host: Host, signal: AbortSignal): Promise<void> {
  const connecting = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
  await using shell = await services.shells.connect(host, { signal: connecting });
  await services.gateway.stop(shell, signal);
}
