import { z } from "zod";
import type { Agent, AgentRegistry } from "../core/agent.ts";
import type { AgentSettings } from "../core/agent-settings.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import { hostLane } from "../core/lane.ts";
import type { AgentName } from "../core/names.ts";
import { mayHaveBegun } from "../core/operation.ts";
import { createRedactor } from "../core/redaction.ts";
import { secretsIn } from "../core/secrets.ts";
import { connectionTo } from "./connection.ts";
import { defineOperation, defineUndo } from "./definition.ts";
import type { OperationKind } from "./kind.ts";
import { whereabouts } from "./lanes.ts";
import { agentNamed, findMachine, type MachinePorts, machineOf, machineWith } from "./machine.ts";
import { agentName, host as hostSchema } from "./schemas.ts";
import type { SettingsPorts } from "./settings/ports.ts";
import { withSettings } from "./settings/unread.ts";
import { understood } from "./told.ts";

/** More than a chat takes in one message. */
const LONGEST_MESSAGE = 8000;
/** UTF-16 units of an answer that are kept. */
const LONGEST_ANSWER = 8000;
const MINUTE = 60_000;
/** Nobody waits for a turn to be over that they have given up. */
const STOP_MS = 20_000;

export interface AskPorts extends MachinePorts, Pick<SettingsPorts, "resolveSecret"> {
  readonly registry: AgentRegistry;
}

const params = z.strictObject({ agent: agentName, message: z.string().min(1).max(LONGEST_MESSAGE) });

export const ask: OperationKind<z.output<typeof params>, AskPorts> = {
  kind: "ask",
  words: { doing: "Asking", done: "Asked", task: "question" },
  tell({ agent, result }) {
    const { answer, isCut } = understood(result, { answer: z.string(), isCut: z.boolean() });
    if (answer === undefined) return {};
    if (answer.trim() === "") return { title: `${agent ?? "It"} chose to say nothing.` };
    return {
      title: `${agent ?? "It"} answers:`,
      said: isCut === true ? `${answer}\n… and more, which was too long.` : answer,
    };
  },
  define: askOperation,
};

/** `/ask`: one turn of the agent, the same one however often this is repeated. */
function askOperation(ports: AskPorts) {
  return defineOperation({
    kind: ask.kind,
    version: 1,
    lane: async ({ agent }) => hostLane(await whereabouts(ports, agent)),
    params,
    steps: {
      reach: { title: "Reach its gateway", budgetMs: MINUTE, output: hostSchema, retryBaseMs: 100, retryMaxMs: 500 },
      // Agents work with tools before they answer.
      answer: {
        title: "It thinks and answers",
        budgetMs: 15 * MINUTE,
        output: z.strictObject({ answer: z.string(), isCut: z.boolean() }),
      },
    },

    async check({ agent: name }, { underWay }) {
      // What the one in front makes of it is not known yet.
      if (underWay === null) requireModel(await agentNamed(ports.registry, name));
    },

    async run({ id, step, elapsed }, { agent: name, message }) {
      let agent = await agentNamed(ports.registry, name);
      await using stack = new AsyncDisposableStack();
      const connected = (host: Awaited<ReturnType<typeof machineOf>>["host"]) => {
        const machine = machineWith(ports, host);
        return { machine, connection: stack.use(connectionTo(machine, elapsed)) };
      };
      let open: ReturnType<typeof connected> | null = null;
      const host = await step("reach", async ({ signal }) => {
        requireModel(agent);
        const { host: found } = await machineOf(ports, agent, signal);
        open ??= connected(found);
        const { machine, connection } = open;
        await connection.use(signal, async (shell) => {
          agent = await withSettings(ports.registry, agent, machine, shell, signal);
          requireModel(agent);
          await machine.gateway.checkReady(shell, found.gatewayPort, signal);
        });
        return { ...found };
      });
      open ??= connected(host);
      const { machine, connection } = open;
      return await step("answer", async ({ signal }) => {
        const turn = { message, key: `creel-${id}` };
        const { text, isCut } = await connection.use(signal, (shell) =>
          machine.gateway.talk.ask(shell, host.gatewayPort, turn, signal),
        );
        const words = (await redactorOfReadable(ports, agent.settings.applied))(text);
        return { answer: words.slice(0, LONGEST_ANSWER), isCut: isCut || words.length > LONGEST_ANSWER };
      });
    },

    undo: defineUndo({
      steps: {
        // What waited for it has stopped it, unless its worker died.
        quiet: { title: "Stop its turn", budgetMs: MINUTE, output: z.strictObject({ trouble: z.string().nullable() }) },
      },
      async run({ id, step, past }, { agent: name }: z.output<typeof params>) {
        const nextCommands = [`/status agent:${name}`, `/logs agent:${name}`];
        if (!mayHaveBegun(past, "answer")) return { leftBehind: [], nextCommands };
        const { trouble } = await step("quiet", async ({ signal }) => {
          try {
            await stopTurn(ports, name, `creel-${id}`, AbortSignal.any([signal, AbortSignal.timeout(STOP_MS)]));
            return { trouble: null };
          } catch (error) {
            if (signal.aborted) throw error;
            return { trouble: asOpsError(error).userMessage };
          }
        });
        const done = `What ${name} has done until then stays done.`;
        const goesOn = trouble === null ? [] : [`It may go on, as its turn could not be stopped: ${trouble}`];
        return { leftBehind: [done, ...goesOn], nextCommands };
      },
      left: () => [],
    }),
  });
}

/** Nothing where the agent has no machine that runs: nothing goes on there. */
async function stopTurn(ports: AskPorts, name: AgentName, key: string, signal: AbortSignal): Promise<void> {
  const agent = await ports.registry.get(name);
  const machine = agent && (await findMachine(ports, agent, signal));
  if (machine === null || machine.host.state !== "running") return;
  await using shell = await machine.connect({ signal });
  await machine.gateway.talk.stop(shell, machine.host.gatewayPort, key, signal);
}

/** @throws OpsError `wrong-state`. */
function requireModel({ name, state, settings, isUnread }: Agent): void {
  if (state !== "serving") throw isNotServing(name);
  if (isUnread === true || settings.applied?.model != null) return;
  throw new OpsError({
    code: "wrong-state",
    userMessage: `${name} has no model yet, so it cannot answer.`,
    hint: `/model agent:${name} gives it one.`,
  });
}

function isNotServing(name: AgentName): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `The deploy of ${name} did not get to its end, so there is nobody to ask.`,
    hint: `/deploy name:${name} deploys it again, on a new host.`,
  });
}

/** The agent knows its own secrets. One that cannot be read any more is hidden by its shape only. */
async function redactorOfReadable({ resolveSecret }: AskPorts, settings: AgentSettings | null) {
  const redactor = createRedactor();
  const read = await Promise.allSettled(secretsIn(settings).map(({ ref }) => resolveSecret(ref)));
  for (const one of read) if (one.status === "fulfilled") redactor.learn(one.value.reveal());
  return redactor.redact;
}
