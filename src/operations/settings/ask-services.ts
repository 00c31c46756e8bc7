import { type Agent, type AgentRegistry, botOf } from "../../core/agent.ts";
import {
  AGENT_CHANNELS,
  type AgentChannel,
  type AgentSettings,
  type Bot,
  type KeptSettings,
  SERVICE_NAMES,
} from "../../core/agent-settings.ts";
import { botIdIn } from "../../core/bot-token.ts";
import { type ErrorCode, OpsError } from "../../core/errors.ts";
import type { AgentName } from "../../core/names.ts";
import type { Secret, SecretRef } from "../../core/secrets.ts";
import { providerOf } from "./model-name.ts";
import type { SettingsPorts } from "./ports.ts";

type Secrets = ReadonlyMap<SecretRef, Secret>;

/**
 * Asks where its model and its fallbacks come from whether they take the keys and have the models. `agent`: the one that has them already, which can be
 * given another key by command; null: there is none yet. @throws OpsError as `ModelApis.check`; a fallback may be unavailable for a while.
 */
export async function askAboutModels(
  { modelApis }: Pick<SettingsPorts, "modelApis">,
  { agent, settings }: { readonly agent: AgentName | null; readonly settings: AgentSettings },
  secrets: Secrets,
  signal?: AbortSignal,
): Promise<void> {
  const ask = async (name: string) => {
    const { provider, model, settings: its } = providerOf(settings, name);
    const key = its.key === null ? null : (secrets.get(its.key) ?? null);
    await modelApis.check({ provider, model, settings: its }, key, signal);
  };
  if (settings.model !== null) {
    const anew = `/model agent:${agent} model:${settings.model} key:new`;
    await ask(settings.model).catch((error: unknown) => {
      throw agent === null ? error : withHint(error, "key-refused", anew);
    });
  }
  // A fallback's key is not asked for: the command would make the fallback the model.
  for (const fallback of settings.fallbacks) {
    await ask(fallback).catch((error: unknown) => {
      if (!(error instanceof OpsError) || error.code !== "model-unavailable") throw error;
    });
  }
}

/** Of what is refused by whom it is for: how another one is given. */
export function withHint(error: unknown, code: ErrorCode, command: string): unknown {
  if (!(error instanceof OpsError) || error.code !== code) return error;
  const { userMessage, evidence } = error;
  const hint = `${error.hint === null ? "" : `${error.hint} `}${command} asks for another one in private.`;
  return new OpsError({ code, userMessage, hint, evidence, cause: error });
}

export interface BotQuestion {
  readonly agent: AgentName;
  readonly channel: AgentChannel;
  readonly apiRoot: string | null;
  readonly token: Secret;
}

interface BotPorts extends Pick<SettingsPorts, "botServices" | "creelsToken"> {
  readonly registry: Pick<AgentRegistry, "list">;
}

/**
 * Whose token it is, after a look at whether anybody else has that bot: two programs that read one bot's messages take them from each other.
 * @throws OpsError as `BotServices.whose`; `already-exists` for the bot of another agent, or Creel's own.
 */
export async function askAboutBot(
  ports: BotPorts,
  { agent, channel, apiRoot, token }: BotQuestion,
  signal?: AbortSignal,
): Promise<Bot> {
  // Before it would be sent to a server that has nothing to do with Creel.
  const own = await ports.creelsToken(channel);
  if (own?.reveal() === token.reveal()) throw creelsOwn(channel);
  const bot = await ports.botServices.whose(channel, { apiRoot }, token, signal);
  if (own !== null && botIdIn(channel, own) === bot.id) throw creelsOwn(channel);
  const bots = { telegram: null, discord: null, [channel]: bot };
  const other = (await ports.registry.list()).find((one) => one.name !== agent && botOf(one, bots) !== null);
  if (other !== undefined) throw taken(channel, other, bot.name);
  return bot;
}

/**
 * Puts the agent, with bots that it may come to have: nobody else is given them from here on, also when it is asked for at the same time. Idempotent.
 * @throws OpsError `already-exists`, having changed nothing.
 */
export async function claimBots(
  registry: Pick<AgentRegistry, "claim" | "get">,
  agent: Agent,
  bots: KeptSettings["bots"],
): Promise<void> {
  const name = await registry.claim(agent, bots);
  if (name === null) return;
  const other = await registry.get(name);
  // It may have given it up by now.
  const channel = (other && botOf(other, bots)) ?? AGENT_CHANNELS.find((one) => bots[one] !== null) ?? "telegram";
  throw taken(channel, other ?? { name, state: "serving" }, bots[channel]?.name ?? "");
}

/**
 * Everything that services can say of an agent before there is one: whose bots it is given. A provider of models that does not answer right now is no reason
 * to wait. @throws OpsError as `askAboutModels`, `askAboutBot`.
 */
export async function askServices(
  ports: BotPorts & Pick<SettingsPorts, "modelApis">,
  agent: AgentName,
  settings: AgentSettings,
  secrets: Secrets,
  signal?: AbortSignal,
): Promise<Record<AgentChannel, Bot | null>> {
  await askAboutModels(ports, { agent: null, settings }, secrets, signal).catch((error: unknown) => {
    if (!(error instanceof OpsError) || error.code !== "model-unavailable") throw error;
  });
  const bots: Record<AgentChannel, Bot | null> = { telegram: null, discord: null };
  for (const channel of AGENT_CHANNELS) {
    const its = settings.channels[channel];
    const token = its?.token == null ? undefined : secrets.get(its.token);
    if (its === null || token === undefined) continue;
    bots[channel] = await askAboutBot(ports, { agent, channel, apiRoot: its.apiRoot, token }, signal);
  }
  return bots;
}

function creelsOwn(channel: AgentChannel): OpsError {
  return new OpsError({
    code: "already-exists",
    userMessage: `That is the token of Creel's own bot on ${SERVICE_NAMES[channel]}.`,
    hint: `An agent needs a bot of its own: ${newBot(channel)}`,
  });
}

function taken(channel: AgentChannel, { name, state }: Pick<Agent, "name" | "state">, bot: string): OpsError {
  const first = state === "failed" ? `/destroy agent:${name}` : `/disconnect agent:${name} channel:${channel}`;
  return new OpsError({
    code: "already-exists",
    userMessage: `@${bot} is the bot of ${name} already.`,
    hint: `Give this agent a bot of its own (${newBot(channel)}), or ${first} first.`,
  });
}

/** Where one gets a bot. */
export function newBot(channel: AgentChannel): string {
  return channel === "telegram"
    ? "write /newbot to @BotFather"
    : "New Application in discord.com/developers, then Bot → Reset Token";
}
