import { z } from "zod";
import { concernChannel, concernModel } from "../../agent-settings/differences.ts";
import type { Agent, AgentRegistry } from "../../core/agent.ts";
import { AGENT_CHANNELS, type AgentChannel, type AgentSettings, type Bot } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import { hostLane } from "../../core/lane.ts";
import type { AgentName } from "../../core/names.ts";
import { connectionTo } from "../connection.ts";
import { defineOperation, type Standing, type StepContext } from "../definition.ts";
import { whereabouts } from "../lanes.ts";
import { agentNamed, type Machine, type MachinePorts, machineOf, machineWith } from "../machine.ts";
import { host as hostSchema, nothing } from "../schemas.ts";
import { askAboutBot, askAboutModels, claimBots, withHint } from "./ask-services.ts";
import { loginAt } from "./login.ts";
import { providerOf } from "./model-name.ts";
import { type Choose, isIdle, outlineOf, outlineSchema, planFor } from "./plan.ts";
import type { SettingsPorts } from "./ports.ts";
import { connectedAs, firstAnswer } from "./prove.ts";
import { redactorFor, secretsOf } from "./setup.ts";
import { underWay, withoutChange } from "./under-way.ts";
import { type OfAgent, undoChange } from "./undo.ts";
import { withSettings } from "./unread.ts";

export interface ChangePorts extends MachinePorts, SettingsPorts {
  readonly registry: AgentRegistry;
}

/** What has to be proven whether it was changed or not. */
interface Subjects {
  readonly model: boolean;
  readonly channels: readonly AgentChannel[];
}

/** What tells one change of settings from another. */
export interface Change<Params extends OfAgent> {
  readonly kind: string;
  readonly params: z.ZodType<Params>;
  readonly choose: (ports: Pick<SettingsPorts, "modelApis">, params: Params) => Choose;
  readonly subjects: (params: Params) => Subjects;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const bot = z.strictObject({ id: z.string(), name: z.string() }).nullable();
const bots = z.strictObject({ telegram: bot, discord: bot });
/** What is proven: that the agent answers, and channels: those of which anything is new, and those among them that it is given. */
const proofs = z.strictObject({
  model: z.boolean(),
  changed: z.array(z.enum(AGENT_CHANNELS)),
  connecting: z.array(z.enum(AGENT_CHANNELS)),
});

export const changeSteps = {
  find: { title: "Find the agent", budgetMs: 30 * SECOND, output: hostSchema },
  plan: { title: "See what changes", budgetMs: 30 * SECOND, output: outlineSchema },
  services: { title: "Ask the services", budgetMs: MINUTE, output: z.strictObject({ bots, proofs }) },
  check: { title: "OpenClaw checks the settings", budgetMs: 2 * MINUTE, output: nothing },
  put: { title: "Hand them to the gateway", budgetMs: 2 * MINUTE, output: nothing },
  taken: {
    title: "The gateway takes them",
    budgetMs: 5 * MINUTE,
    output: z.strictObject({ restarted: z.boolean() }),
    ...{ retryBaseMs: 100, retryMaxMs: 500 },
  },
  answers: {
    title: "Its first answer",
    budgetMs: 3 * MINUTE,
    output: z.strictObject({ answer: z.string().nullable() }),
  },
  connected: {
    title: "Its bot is connected",
    budgetMs: 2 * MINUTE,
    output: nothing,
    ...{ retryBaseMs: 250, retryMaxMs: 1000 },
  },
  record: { title: "Keep them on record", budgetMs: MINUTE, output: nothing },
  settle: { title: "Forget the old ones", budgetMs: MINUTE, output: nothing },
} as const;

/**
 * Changes the settings of an agent that serves, while it does: the old settings hold, or the new ones, whatever is cut off. They are on record when
 * they are proven to work, and not before; until the last step everything goes back.
 */
export function changeOperation<Params extends OfAgent>(
  ports: ChangePorts,
  { kind, params, choose, subjects }: Change<Params>,
) {
  return defineOperation<typeof changeSteps, Params>({
    kind,
    // 2: what it comes to is kept with the agent instead of in the journal. 3: secrets that have other values are proven as well.
    version: 3,
    lane: async ({ agent }) => hostLane(await whereabouts(ports, agent)),
    params,
    steps: changeSteps,
    check: ({ agent }, standing) => checkChange(ports, agent, standing),

    async run(context, asked) {
      const { id, step, elapsed } = context;
      const { agent: name } = asked;
      const host = await step("find", async ({ signal }) => {
        const agent = await agentNamed(ports.registry, name);
        requireServing(agent);
        const machine = await machineOf(ports, agent, signal);
        if (machine.host.state !== "running") throw hostIsOff(name);
        await ports.registry.put({ ...(await readBy(ports, agent, machine, signal)), lastOperation: id });
        return { ...machine.host };
      });
      const plan = await step("plan", async () => {
        const agent = await agentNamed(ports.registry, name);
        const found = await planFor(ports, agent, choose(ports, asked));
        const { before, chosen, settings } = found;
        const change = { operation: id, before, after: { chosen, applied: settings, bots: before.bots } };
        if (!isIdle(found)) await ports.registry.put({ ...agent, change });
        return outlineOf(found);
      });
      if (plan.isIdle) return { agent: name, changes: [], restarted: false, answer: null, bots: {}, overrides: [] };
      const now = () => underWay(ports.registry, name, id);
      const machine = machineWith(ports, host);
      const { gateway } = machine;
      const { gatewayPort: port, containerImage } = host;
      await using connection = connectionTo(machine, elapsed);

      const { bots: known, proofs: proves } = await step("services", async ({ signal }) => {
        const { agent, change, settings } = await now();
        const secrets = await secretsOf(ports, settings);
        const setup = { settings, secrets };
        const renewed = await connection.use(signal, (shell) =>
          gateway.settings.renewed(shell, { port, containerImage, setup }, signal),
        );
        const proofs = proofsFor(plan, subjects(asked), renewed);
        if (proofs.model) await askAboutModels(ports, { agent: name, settings }, secrets, signal);
        const known = { ...change.before.bots };
        const claimed: Record<AgentChannel, Bot | null> = { telegram: null, discord: null };
        for (const channel of AGENT_CHANNELS) {
          const its = settings.channels[channel];
          if (its?.token == null) known[channel] = null;
          const token = its?.token == null ? undefined : secrets.get(its.token);
          if (its === null || token === undefined || !proofs.connecting.includes(channel)) continue;
          const question = { agent: name, channel, apiRoot: its.apiRoot, token };
          known[channel] = claimed[channel] = await askAboutBot(ports, question, signal).catch((error: unknown) => {
            throw withHint(error, "chat-refused", `/connect agent:${name} channel:${channel} token:new`);
          });
        }
        const after = { ...change.after, bots: known };
        await claimBots(ports.registry, { ...agent, change: { ...change, after } }, claimed);
        return { bots: { telegram: copyOf(known.telegram), discord: copyOf(known.discord) }, proofs };
      });

      const spec = async () => {
        const { settings } = await now();
        return { port, containerImage, setup: { settings, secrets: await secretsOf(ports, settings) } };
      };
      await step("check", async ({ signal }) => {
        const setup = await spec();
        await connection.use(signal, (shell) => gateway.settings.check(shell, setup, signal));
        return {};
      });
      await step("put", async ({ signal }) => {
        const setup = await spec();
        await connection.use(signal, async (shell) => {
          await gateway.settings.put(shell, setup, signal);
          await gateway.start(shell, signal);
        });
        return {};
      });
      const { restarted } = await step("taken", async ({ signal }) => {
        const taken = await connection.use(signal, (shell) => gateway.settings.taken(shell, port, signal));
        return { restarted: taken.restarted };
      });
      let turns = 0;
      const greeting = async ({ signal }: StepContext) => {
        const { settings } = await now();
        try {
          const redact = await redactorFor(ports, settings);
          const text = await connection.use(signal, (shell) =>
            firstAnswer(
              { talk: gateway.talk, shell, port },
              { key: turns === 0 ? `creel-${id}` : `creel-${id}-${turns}`, redact, settings },
              signal,
            ),
          );
          return { answer: text };
        } catch (error) {
          // A turn that has failed stays failed.
          if (error instanceof OpsError && error.code === "model-unavailable") turns += 1;
          throw withLogin(ports, name, settings, error);
        }
      };
      const { answer } = proves.model ? await step("answers", greeting) : { answer: null };
      const expected = Object.fromEntries(proves.connecting.map((channel) => [channel, known[channel]]));
      const look = connectedAs(name, expected, elapsed);
      if (proves.connecting.length > 0) {
        await step("connected", async ({ signal }) => {
          await connection.use(signal, (shell) => look({ talk: gateway.talk, shell, port }, signal));
          return {};
        });
      }
      await step("record", async ({ signal }) => {
        const { agent, change } = await now();
        await connection.use(signal, (shell) => gateway.settings.keep(shell, change.after, signal));
        await ports.registry.put({ ...agent, settings: change.after });
        return {};
      });
      await step("settle", async ({ signal }) => {
        await connection.use(signal, (shell) => gateway.settings.settle(shell, signal));
        await ports.registry.put(withoutChange(await agentNamed(ports.registry, name)));
        return {};
      });
      return {
        ...{ agent: name, changes: plan.changes, restarted, answer },
        ...{
          model: plan.model,
          bots: Object.fromEntries(proves.changed.map((one) => [one, known[one]?.name ?? null])),
        },
        overrides: plan.overrides,
      };
    },

    undo: undoChange<Params>(ports),
  });
}

/** `renewed`: settings whose secrets the gateway does not know yet. Pure. */
function proofsFor(plan: z.output<typeof outlineSchema>, about: Subjects, renewed: readonly string[]) {
  const secrets = renewed.map((setting) => ({ setting }));
  const changed = AGENT_CHANNELS.filter(
    (one) => about.channels.includes(one) || plan.changed.includes(one) || concernChannel(secrets, one),
  );
  return {
    model: plan.model !== null && (about.model || plan.isModelChanged || concernModel(secrets)),
    changed,
    connecting: plan.given.filter((one) => changed.includes(one)),
  };
}

/** Where the gateway logs in by itself, an agent without a key cannot answer before it has. */
function withLogin(ports: ChangePorts, agent: AgentName, settings: AgentSettings, error: unknown): unknown {
  if (!(error instanceof OpsError) || error.retry === "later" || settings.model === null) return error;
  const { provider, settings: its } = providerOf(settings, settings.model);
  if (its.key !== null || !ports.modelApis.known(provider)?.hasLogin) return error;
  const hint = `It has no key and may have to log in first: ${loginAt(agent, provider)}`;
  return new OpsError({ ...error, userMessage: error.userMessage, hint, cause: error });
}

function copyOf<Value extends object>(value: Value | null): Value | null {
  return value === null ? null : { ...value };
}

async function readBy(ports: ChangePorts, agent: Agent, machine: Machine, signal: AbortSignal): Promise<Agent> {
  if (agent.isUnread === undefined) return agent;
  await using shell = await machine.connect({ signal });
  return await withSettings(ports.registry, agent, machine, shell, signal);
}

async function checkChange(ports: ChangePorts, name: AgentName, { underWay, worksHere }: Standing): Promise<void> {
  // What the one in front makes of it is not known yet.
  if (underWay !== null) return;
  const agent = await agentNamed(ports.registry, name);
  requireServing(agent);
  if (!worksHere) return;
  const { host } = await machineOf(ports, agent);
  if (host.state !== "running") throw hostIsOff(name);
}

function requireServing({ name, state }: Agent): void {
  if (state === "serving") return;
  throw new OpsError({
    code: "wrong-state",
    userMessage: `The deploy of ${name} did not get to its end, so it has no settings to change.`,
    hint: `/deploy name:${name} deploys it again, on a new host.`,
  });
}

function hostIsOff(name: AgentName): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `The host of ${name} is off.`,
    hint: `/restart agent:${name} switches it on.`,
  });
}
