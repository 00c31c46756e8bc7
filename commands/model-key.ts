import type { ModelProvider } from "../src/core/agent-settings.ts";
import { OpsError } from "../src/core/errors.ts";
import type { AgentName } from "../src/core/names.ts";
import { quoteForMessage } from "../src/core/names.ts";
import { wanted } from "../src/operations/kind.ts";
import { loginAt } from "../src/operations/settings/login.ts";
import { model as operation } from "../src/operations/settings/model.ts";
import { providerOf } from "../src/operations/settings/model-name.ts";
import { settingsOf } from "../src/operations/settings/setup.ts";
import type { Sources } from "../src/questions/question.ts";
import type { PrivateNeed } from "./command.ts";

interface Asked {
  readonly agent: AgentName;
  /** null: what creel.yaml says, which has its key there. */
  readonly model: string | null;
  /** Although there is one. */
  readonly isAnew: boolean;
}

/** The key of the model's provider, when it wants one and nobody has given one, or another one is to be given. @throws OpsError `input-invalid` for a provider that nobody knows, and for another key where none can be given. */
export async function keyNeed({ services }: Sources, asked: Asked): Promise<PrivateNeed | null> {
  const { agent, model: name, isAnew } = asked;
  if (name === null) {
    if (isAnew)
      throw noKeyToAskFor("creel.yaml says that model, and where its key is.", "Change it there, or name a model.");
    return null;
  }
  const record = await services.registry.get(agent);
  const settings = await settingsOf(services, agent, record?.settings.chosen ?? {});
  const { provider, model, settings: its } = providerOf(settings, name);
  if (its.key !== null && !isAnew) return null;
  const known = services.modelApis.known(provider);
  if (known === null && its.baseUrl === null) throw unknownProvider(provider, services.modelApis.nearest(provider));
  if (known?.keysAt === null && its.baseUrl === null) {
    if (isAnew) throw noKeyToAskFor(`${known.title} takes no key.`, "Leave key: out.");
    return null;
  }
  const question = { provider, settings: its, model };
  if (its.baseUrl !== null && !isAnew && !(await isKeyWanted(services, question))) return null;
  const title = known?.title ?? provider;
  const from = known?.keysAt == null ? "" : ` ${known.keysAt} has it.`;
  const orElse = known?.hasLogin ? ` With a subscription, ${loginAt(agent, provider)}` : "";
  return {
    question: {
      title: `The key for ${title}`.slice(0, 45),
      text: `${agent} needs a key to think with ${name}.${from}${orElse}`,
      instead: "key:vault:NAME",
    },
    async take(value, { services: now }) {
      await now.modelApis.check(question, value);
      const key = await now.keepSecret(provider, value);
      return wanted(operation, agent, { agent, model: name, key });
    },
  };
}

/** A server of one's own says itself whether it wants a key. One that cannot be asked is taken for one that does not: creel.yaml gives it none. */
async function isKeyWanted(
  { modelApis }: Sources["services"],
  question: { readonly provider: string; readonly settings: ModelProvider; readonly model: string },
): Promise<boolean> {
  try {
    await modelApis.check(question, null);
    return false;
  } catch (error) {
    if (error instanceof OpsError && error.code === "key-refused") return true;
    throw error;
  }
}

/** Who wants to replace a key is not told that all went well. */
function noKeyToAskFor(userMessage: string, hint: string): OpsError {
  return new OpsError({ code: "input-invalid", userMessage, hint });
}

function unknownProvider(provider: string, meant: string | null): OpsError {
  const address = `Another one goes into creel.yaml with its address: providers.${provider}.baseUrl, under agents.defaults.`;
  return new OpsError({
    code: "input-invalid",
    userMessage: `There is no provider of models called ${quoteForMessage(provider)} that Creel knows.`,
    hint: meant === null ? address : `Did you mean ${meant}? ${address}`,
  });
}
