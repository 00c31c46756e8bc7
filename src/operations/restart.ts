import { z } from "zod";
import { type Agent, type AgentRegistry, isBeingRemoved } from "../core/agent.ts";
import { NO_SETTINGS } from "../core/agent-settings.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import { hostLane } from "../core/lane.ts";
import type { AgentName } from "../core/names.ts";
import { mayHaveBegun } from "../core/operation.ts";
import { connectionTo } from "./connection.ts";
import { defineOperation, defineUndo, PATIENT } from "./definition.ts";
import type { TokenPorts } from "./deploy/gateway.ts";
import { consoleEvidence } from "./evidence.ts";
import { goOnServing, hostExists, servingAgain } from "./go-on-serving.ts";
import type { OperationKind } from "./kind.ts";
import { whereabouts } from "./lanes.ts";
import { agentNamed, type MachinePorts, machineOf, machineWith } from "./machine.ts";
import { type ProvingPorts, provingSteps, startAndProve } from "./prove.ts";
import { selectProvider } from "./providers.ts";
import { reachOrReboot } from "./reach.ts";
import { agentName, host as hostSchema, nothing } from "./schemas.ts";
import type { SettingsPorts } from "./settings/ports.ts";
import { secretsOf } from "./settings/setup.ts";
import { withSettings } from "./settings/unread.ts";
import { factsOf, listed, lookAt, networkTrouble, networkWord, understood } from "./told.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** For a host of a size that is not offered any more. */
const SMALLEST_MB = 2048;

const names = z.array(z.string());

export interface RestartPorts extends MachinePorts, ProvingPorts, TokenPorts, Pick<SettingsPorts, "resolveSecret"> {
  readonly registry: AgentRegistry;
}
const params = z.strictObject({ agent: agentName });

export const restart: OperationKind<z.output<typeof params>, RestartPorts> = {
  kind: "restart",
  words: { doing: "Restarting", done: "Restarted", task: "restart", agentIs: "restarting" },
  tell({ agent, result }) {
    const made = understood(result, {
      ...{ version: z.string(), network: z.string(), networkTrouble: z.string().nullable() },
      ...{ repaired: names, started: names },
    });
    const facts = factsOf({
      OpenClaw: made.version,
      Network: networkWord(made.network),
      Repaired: listed(made.repaired),
      "Channels started": listed(made.started),
    });
    return { facts, trouble: networkTrouble(made.network, made.networkTrouble), next: lookAt(agent) };
  },
  define: restartOperation,
};

/** `/restart`: the way back for an agent that is down, or only looks well. Proven like a deploy; what the agent has become is not touched. */
export function restartOperation(ports: RestartPorts) {
  return defineOperation({
    kind: restart.kind,
    version: 1,
    lane: async ({ agent }) => hostLane(await whereabouts(ports, agent)),
    params,
    steps: {
      find: { title: "Find the agent", budgetMs: 30 * SECOND, output: z.strictObject({ provider: z.string() }) },
      wake: { title: "Switch its host on", budgetMs: 5 * MINUTE, output: hostSchema },
      reach: {
        title: "Reach it over SSH",
        budgetMs: 5 * MINUTE,
        output: z.strictObject({ rebooted: z.boolean().default(false) }),
        ...{ retryBaseMs: 100, retryMaxMs: 500 },
      },
      // The gateway delivers replies in flight for up to 330 s before it stops.
      stop: { title: "Finish replies, stop the gateway", budgetMs: 7 * MINUTE, output: nothing },
      repair: { title: "Repair what is disposable", budgetMs: 4 * MINUTE, output: z.strictObject({ repaired: names }) },
      ...provingSteps,
      channels: { title: "Its channels run", budgetMs: MINUTE, output: z.strictObject({ started: names }) },
    },

    async check({ agent: name }, { underWay, isUndoing, worksHere }) {
      if (underWay === "destroy" && !isUndoing) throw isBeingRemoved(name);
      if (underWay === "restart" && !isUndoing) throw isBeingRestarted(name);
      // What a deploy makes of it, or what is left of it when something is undone, is not known yet.
      if (underWay !== null) return;
      const agent = await agentNamed(ports.registry, name);
      requireProven(agent);
      if (worksHere) await machineOf(ports, agent);
    },

    async run(context, { agent: name }) {
      const { id, step, elapsed } = context;
      await step("find", async () => {
        const agent = await agentNamed(ports.registry, name);
        requireProven(agent);
        await ports.registry.put({ ...agent, lastOperation: id });
        return { provider: agent.provider };
      });
      const host = await step("wake", async ({ signal }) => {
        const agent = await agentNamed(ports.registry, name);
        const { host: found, provider } = await machineOf(ports, agent, signal);
        if (found.state === "running") return { ...found };
        await provider.start(found.name, signal);
        return { ...(await machineOf(ports, agent, signal)).host };
      });
      const machine = machineWith(ports, host);
      const { gateway, provider } = machine;
      await using connection = connectionTo(machine, elapsed);
      const { rebooted } = await step("reach", reachOrReboot(connection, machine, elapsed));
      await step("stop", async ({ signal }) => {
        await connection.use(signal, (shell) => gateway.stop(shell, signal));
        return {};
      });
      const { gatewayPort: port, containerImage } = host;
      const { repaired } = await step("repair", async ({ signal }) => {
        const { sizes } = await provider.offers(signal);
        const memoryMb = sizes.find((size) => size.name === host.size)?.memoryMb ?? SMALLEST_MB;
        const agent = await agentNamed(ports.registry, name);
        if (agent.isUnread === true) {
          // What the gateway has stays there unless it refuses that.
          await connection
            .use(signal, (shell) => withSettings(ports.registry, agent, machine, shell, signal))
            .catch(unlessLater);
        }
        const setup = async () => {
          const settings = (await agentNamed(ports.registry, name)).settings.applied ?? NO_SETTINGS;
          return { settings, secrets: await secretsOf(ports, settings) };
        };
        const spec = { memoryMb, containerImage, port, token: ports.gatewayToken, setup };
        return {
          repaired: [...(await connection.use(signal, (shell) => gateway.repair(shell, spec, signal)))],
        };
      });
      const proven = await startAndProve(ports, context, { agent: name, machine, connection });
      const { started } = await step("channels", async ({ signal }) => ({
        started: [...(await connection.use(signal, (shell) => gateway.resumeChannels(shell, port, signal)))],
      }));
      const mended = [...(rebooted ? ["its host, which did not answer"] : []), ...repaired];
      return { agent: name, host: host.name, ...proven, repaired: mended, started };
    },

    undo: undoRestart(ports),
  });
}

function unlessLater(error: unknown): void {
  if (asOpsError(error).retry === "later") throw error;
}

/** Where a deploy has not got to its end, there is nothing to come back to. @throws OpsError `wrong-state`. */
function requireProven({ name, state }: Agent): void {
  if (state === "serving") return;
  throw new OpsError({
    code: "wrong-state",
    userMessage: `The deploy of ${name} did not get to its end, so there is nothing to restart.`,
    hint: `/deploy name:${name} deploys it again, on a new host.`,
  });
}

function isBeingRestarted(name: AgentName): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `${name} is being restarted already.`,
    hint: `/status agent:${name} shows it; /cancel stops it.`,
  });
}

/** The agent stays what it was. A host that is gone is for its owner to give up, so nothing is forgotten here. */
function undoRestart(ports: RestartPorts) {
  return defineUndo({
    steps: {
      survey: {
        ...PATIENT,
        title: "See how it is",
        output: z.strictObject({
          provider: z.string().nullable(),
          isServing: z.boolean(),
          host: hostSchema.nullable(),
        }),
      },
      serve: servingAgain,
    },
    async run({ step, past }, { agent: name }: { readonly agent: AgentName }, error) {
      const isStopped = mayHaveBegun(past, "stop");
      const found = await step("survey", async ({ signal }) => {
        const agent = await ports.registry.get(name);
        if (agent === null) return { provider: null, isServing: false, host: null };
        const { provider, state } = agent;
        if (state !== "serving") return { provider, isServing: false, host: null };
        try {
          const host =
            agent.host === null ? null : await selectProvider(ports.providers, provider).find(agent.host, signal);
          return { provider, isServing: true, host: host && { ...host } };
        } catch (problem) {
          // Where nothing has to be put in order, nothing is waited for.
          if (isStopped) throw problem;
          return { provider, isServing: true, host: null };
        }
      });
      if (found.provider === null) return { leftBehind: [], nextCommands: ["/status"] };
      if (!found.isServing) return { leftBehind: [], nextCommands: [`/deploy name:${name}`] };
      const { host } = found;
      if (host === null) {
        return {
          leftBehind: isStopped ? [] : [`Agent ${name} is as it was.`],
          nextCommands: [`/status agent:${name}`, `/destroy agent:${name}`],
        };
      }
      const provider = selectProvider(ports.providers, found.provider);
      const { left } = isStopped
        ? await step("serve", ({ signal }) => goOnServing(ports, name, host, signal))
        : { left: hostExists(host) };
      return {
        evidence: await consoleEvidence(error, (lines) => provider.consoleTail(host.name, lines)),
        leftBehind: [left],
        nextCommands: [`/restart agent:${name}`, `/logs agent:${name}`, `/status agent:${name}`],
      };
    },
    left: (operation) => (mayHaveBegun(operation, "stop") ? [`The gateway of ${operation.agent} may be stopped.`] : []),
  });
}
