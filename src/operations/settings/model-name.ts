import type { AgentSettings, ModelProvider } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import { quoteForMessage } from "../../core/names.ts";

const NOTHING_SET: ModelProvider = { key: null, baseUrl: null, api: null, models: [] };

/** The parts of `provider/model`; models may have slashes in their names. */
export function partsOf(name: string): { readonly provider: string; readonly model: string } {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}

/** Where a model comes from. */
export function providerOf({ providers }: AgentSettings, name: string) {
  const parts = partsOf(name);
  const settings = Object.hasOwn(providers, parts.provider) ? providers[parts.provider] : undefined;
  return { ...parts, settings: settings ?? NOTHING_SET };
}

const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}\/[^\s/]\S{0,150}$/;

/** What somebody typed, with the provider in small letters as phones may not leave it; null for what creel.yaml says. @throws OpsError `input-invalid`. */
export function readModelName(typed: string): string | null {
  if (typed.toLowerCase() === AS_IN_SETTINGS) return null;
  const { provider, model } = partsOf(typed);
  const name = `${provider.toLowerCase()}/${model}`;
  if (typed.includes("/") && MODEL_NAME.test(name)) return name;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${quoteForMessage(typed)} is not a model.`,
    hint: `Give a provider and its model, such as openai/gpt-5.5; ${AS_IN_SETTINGS} is what creel.yaml says.`,
  });
}

/** Instead of a model: what was chosen by command counts no more. */
const AS_IN_SETTINGS = "default";
