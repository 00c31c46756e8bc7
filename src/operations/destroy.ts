import { z } from "zod";
import { type AgentRegistry, isBeingRemoved } from "../core/agent.ts";
import type { SettingsLayer } from "../core/agent-settings.ts";
import { asOpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import { hostLane } from "../core/lane.ts";
import type { AgentName } from "../core/names.ts";
import { mayHaveBegun } from "../core/operation.ts";
import { secretsIn } from "../core/secrets.ts";
import { defineOperation, defineUndo, PATIENT } from "./definition.ts";
import { goOnServing, servingAgain } from "./go-on-serving.ts";
import type { OperationKind } from "./kind.ts";
import { whereabouts } from "./lanes.ts";
import { agentNamed, leaveHost, type MachinePorts, machineWith } from "./machine.ts";
import { selectProvider } from "./providers.ts";
import { agentName, host as hostSchema, nothing } from "./schemas.ts";
import { factsOf, understood } from "./told.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** A host that does not answer by then is removed without a farewell. */
const CONNECT_MS = 5 * SECOND;

export interface DestroyPorts extends MachinePorts {
  readonly registry: AgentRegistry;
}
const params = z.strictObject({ agent: agentName });

export const destroy: OperationKind<z.output<typeof params>, DestroyPorts> = {
  kind: "destroy",
  words: { doing: "Removing", done: "Removed", task: "removal", agentIs: "destroying" },
  // Of what has just been removed, only what is still there is worth naming. A key may be in use elsewhere, and a token may be wanted again.
  tell({ result }) {
    const { secrets = [] } = understood(result, { secrets: z.array(z.string()) });
    const rest = "it may be used elsewhere; creel secrets rm NAME takes one away";
    return {
      facts: factsOf({ "Still in the vault": secrets.length === 0 ? undefined : `${secrets.join(", ")} (${rest})` }),
    };
  },
  define: destroyOperation,
};

/** `/destroy`: lets the gateway finish what it is doing, then removes the host and everything that belonged to it. */
export function destroyOperation(ports: DestroyPorts) {
  return defineOperation({
    kind: destroy.kind,
    version: 1,
    lane: async ({ agent }) => hostLane(await whereabouts(ports, agent)),
    params,
    steps: {
      find: {
        title: "Find the agent",
        budgetMs: 30 * SECOND,
        output: z.strictObject({
          provider: z.string(),
          host: hostSchema.nullable(),
          // References to what was put into the vault for it.
          secrets: z.array(z.string()).default([]),
        }),
      },
      // The gateway delivers replies in flight for up to 330 s before it stops.
      stop: { title: "Stop the gateway", budgetMs: 7 * MINUTE, output: z.strictObject({ stopped: z.boolean() }) },
      remove: { title: "Remove the host", budgetMs: 5 * MINUTE, output: nothing },
      forget: { title: "Forget the agent", budgetMs: 30 * SECOND, output: nothing },
    },

    async check({ agent: name }, { underWay, isUndoing }) {
      if (underWay === "destroy" && !isUndoing) throw isBeingRemoved(name);
    },

    async run({ id, step }, { agent: name }) {
      const {
        provider: providerName,
        host,
        secrets,
      } = await step("find", async ({ signal }) => {
        const agent = await agentNamed(ports.registry, name);
        await ports.registry.put({ ...agent, lastOperation: id });
        const found =
          agent.host === null ? null : await selectProvider(ports.providers, agent.provider).find(agent.host, signal);
        return { provider: agent.provider, host: found && { ...found }, secrets: inVault(agent.settings.chosen) };
      });
      const provider = selectProvider(ports.providers, providerName);

      await step("stop", async ({ signal, detail }) => {
        // What others run on goes on.
        if (host === null || host.state === "stopped" || host.agents.length > 1) return { stopped: false };
        try {
          await stopGateway(ports, host, signal);
          return { stopped: true };
        } catch (error) {
          if (signal.aborted) throw error;
          // A host that cannot be reached can still be removed; that is what was asked for.
          detail(asOpsError(error).userMessage);
          return { stopped: false };
        }
      });
      await step("remove", async ({ signal }) => {
        const gone = host?.name ?? (await ports.registry.get(name))?.host;
        if (gone) await leaveHost(provider, gone, name, signal);
        return {};
      });
      await step("forget", async () => {
        await ports.registry.remove(name);
        return {};
      });
      return { agent: name, host: host?.name ?? null, secrets };
    },

    undo: undoDestroy(ports),
  });
}

/** What somebody gave with a command; what creel.yaml refers to is its own business. Each one once. */
function inVault(chosen: SettingsLayer): string[] {
  return [...new Set(secretsIn(chosen).map(({ ref }) => ref))].filter((ref) => ref.startsWith("vault:"));
}

/** What is still there serves again; what is gone already is forgotten. What has not been begun is not undone. */
function undoDestroy(ports: DestroyPorts) {
  return defineUndo({
    steps: {
      survey: { ...PATIENT, title: "See what is still there", output: z.strictObject({ host: hostSchema.nullable() }) },
      conclude: { ...PATIENT, title: "Forget what is gone", output: nothing },
      serve: servingAgain,
    },
    async run({ step, past }, { agent: name }: { readonly agent: AgentName }, error) {
      if (error.code === "not-found") return { leftBehind: [], nextCommands: ["/status"] };
      const nextCommands = [`/status agent:${name}`, `/destroy agent:${name}`];
      if (!mayHaveBegun(past, "stop")) return { leftBehind: [`Agent ${name} is as it was.`], nextCommands };
      const { host } = await step("survey", async ({ signal }) => {
        const agent = await ports.registry.get(name);
        if (agent === null || agent.host === null) return { host: null };
        const found = await selectProvider(ports.providers, agent.provider).find(agent.host, signal);
        return { host: found && { ...found } };
      });
      await step("conclude", async () => {
        if (host === null) await ports.registry.remove(name);
        return {};
      });
      if (host === null) return { leftBehind: [], nextCommands: ["/status"] };
      const { left } = await step("serve", ({ signal }) => goOnServing(ports, name, host, signal));
      return { leftBehind: [left], nextCommands };
    },
    left: (operation) =>
      mayHaveBegun(operation, "stop") ? [`What is left of ${operation.agent} may be stopped.`] : [],
  });
}

async function stopGateway(ports: MachinePorts, host: Host, signal: AbortSignal): Promise<void> {
  const connecting = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
  const { gateway, connect } = machineWith(ports, host);
  await using shell = await connect({ signal: connecting });
  await gateway.stop(shell, signal);
}
