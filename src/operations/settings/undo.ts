import { z } from "zod";
import type { AgentRegistry } from "../../core/agent.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { AgentName } from "../../core/names.ts";
import { mayHaveBegun } from "../../core/operation.ts";
import { connectionTo } from "../connection.ts";
import { defineUndo, PATIENT } from "../definition.ts";
import { findMachine, type MachinePorts, machineWith } from "../machine.ts";
import { host as hostSchema, nothing } from "../schemas.ts";
import { withoutChange } from "./under-way.ts";

interface UndoPorts extends MachinePorts {
  readonly registry: AgentRegistry;
}

/** The agent's next operation waits for it, and may be what helps. */
const WAITING = { ...PATIENT, budgetMs: 10 * 60_000 } as const;

const undoSteps = {
  survey: { ...WAITING, title: "See how it is", output: z.strictObject({ host: hostSchema.nullable() }) },
  back: { ...WAITING, title: "Put the old settings back", output: nothing },
  again: {
    ...WAITING,
    title: "The gateway is ready with them",
    output: z.strictObject({ trouble: z.string().nullable() }),
    ...{ retryBaseMs: 250, retryMaxMs: 2000 },
  },
  forget: { ...WAITING, title: "Forget the new ones", output: nothing },
  finish: { ...WAITING, title: "Forget the old settings", output: nothing },
} as const;

/** What any change of settings is about. */
export type OfAgent = Readonly<Record<string, Json>> & { readonly agent: AgentName };

/**
 * Goes back to the settings from before. Only when they may have been forgotten already, which is the last thing that happens, the new ones stay:
 * they are proven and on record by then.
 */
export function undoChange<Params extends OfAgent>(ports: UndoPorts) {
  return defineUndo<typeof undoSteps, Params>({
    steps: undoSteps,
    async run({ id, step, past, elapsed }, { agent: name }) {
      const nextCommands = [`/status agent:${name}`, `/logs agent:${name}`];
      const takeBack = async () => {
        const agent = await ports.registry.get(name);
        if (agent?.change?.operation !== id) return;
        await ports.registry.put({ ...withoutChange(agent), settings: agent.change.before });
      };
      if (!mayHaveBegun(past, "put")) {
        if (mayHaveBegun(past, "plan")) {
          await step("forget", async () => {
            await takeBack();
            return {};
          });
        }
        return { leftBehind: [unchanged(name)], nextCommands };
      }
      const { host } = await step("survey", async ({ signal }) => {
        const agent = await ports.registry.get(name);
        const machine = agent && (await findMachine(ports, agent, signal));
        if (machine === null) return { host: null };
        if (machine.host.state !== "running") throw isOff(name);
        return { host: { ...machine.host } };
      });
      if (host === null) {
        await step("forget", async () => {
          await takeBack();
          return {};
        });
        return { leftBehind: [`${name} has no host any more.`], nextCommands: [`/status agent:${name}`] };
      }
      const machine = machineWith(ports, host);
      const { gateway } = machine;
      await using connection = connectionTo(machine, elapsed);
      if (mayHaveBegun(past, "settle")) {
        await step("finish", async ({ signal }) => {
          await connection.use(signal, (shell) => gateway.settings.settle(shell, signal));
          const agent = await ports.registry.get(name);
          if (agent?.change?.operation === id) await ports.registry.put(withoutChange(agent));
          return {};
        });
        return { leftBehind: [`${name} has its new settings: it was too late to go back.`], nextCommands };
      }
      await step("back", async ({ signal }) => {
        await connection.use(signal, async (shell) => {
          await gateway.settings.goBack(shell, signal);
          await gateway.start(shell, signal);
        });
        return {};
      });
      const { trouble } = await step("again", async ({ signal }) => {
        try {
          await connection.use(signal, (shell) => gateway.settings.taken(shell, host.gatewayPort, signal));
          return { trouble: null };
        } catch (error) {
          const problem = asOpsError(error);
          if (problem.retry === "later" || signal.aborted) throw problem;
          return { trouble: problem.userMessage };
        }
      });
      await step("forget", async ({ signal }) => {
        const change = (await ports.registry.get(name))?.change;
        await connection.use(signal, async (shell) => {
          if (change?.operation === id && mayHaveBegun(past, "record")) {
            await gateway.settings.keep(shell, change.before, signal);
          }
          await gateway.settings.settle(shell, signal);
        });
        await takeBack();
        return {};
      });
      if (trouble === null) return { leftBehind: [unchanged(name)], nextCommands };
      const leftBehind = [`${name} has the settings it had before, and does not serve with them either: ${trouble}`];
      return { leftBehind, nextCommands: [`/restart agent:${name}`, ...nextCommands] };
    },
    left: (operation) =>
      mayHaveBegun(operation, "put") ? [`${operation.agent} may have its old settings, or the new ones.`] : [],
  });
}

function unchanged(name: AgentName): string {
  return `${name} has the settings it had before.`;
}

function isOff(name: AgentName): OpsError {
  return new OpsError({
    code: "host-unreachable",
    userMessage: `The host of ${name} is off.`,
    hint: "This goes on when it runs again.",
    retry: "later",
  });
}
