import { z } from "zod";
import { choose, unchoose } from "../../agent-settings/choose.ts";
import { secretRef } from "../../agent-settings/schema.ts";
import type { AgentSettings, SettingsLayer } from "../../core/agent-settings.ts";
import { isGroup } from "../../core/json.ts";
import type { OperationKind } from "../kind.ts";
import { agentName } from "../schemas.ts";
import { type Change, type ChangePorts, changeOperation } from "./change.ts";
import { partsOf, providerOf } from "./model-name.ts";
import { factsOfChange, resultOf } from "./told.ts";

const params = z.strictObject({
  agent: agentName,
  /** `provider/model`; null: what creel.yaml says. */
  model: z.string().nullable(),
  /** null: the one that the provider has already, or none. */
  key: secretRef.nullable(),
});
type Params = z.output<typeof params>;

/** `/model`: which model an agent thinks with. */
export const modelChange: Change<Params> = {
  kind: "model",
  params,
  subjects: () => ({ model: true, channels: [] }),
  choose:
    ({ modelApis }, { model, key }) =>
    (chosen, said) => {
      if (model === null) return withoutUnused(unchoose(unsaid(chosen, said), ["model"]), said, said.model);
      const { provider, settings } = providerOf(said, model);
      const setup = modelApis.known(provider)?.setup ?? { baseUrl: null, api: null };
      const isAddressNew = settings.baseUrl === null && setup.baseUrl !== null;
      const its = { ...(key === null ? {} : { key }), ...(isAddressNew ? { ...setup } : {}) };
      const providers = Object.keys(its).length === 0 ? {} : { providers: { [provider]: its } };
      return withoutUnused(choose(chosen, { model, ...providers }), said, model);
    },
};

/** Without what was chosen of providers whose key creel.yaml says. */
function unsaid(chosen: SettingsLayer, said: AgentSettings): SettingsLayer {
  return without(chosen, (name) => said.providers[name]?.key != null);
}

/** No key stays with an agent that neither its model nor a fallback needs. */
function withoutUnused(chosen: SettingsLayer, said: AgentSettings, model: string | null): SettingsLayer {
  const used = new Set([...(model === null ? [] : [model]), ...said.fallbacks].map((name) => partsOf(name).provider));
  return without(chosen, (name) => !used.has(name));
}

function without(chosen: SettingsLayer, isLeft: (provider: string) => boolean): SettingsLayer {
  const names = isGroup(chosen.providers) ? Object.keys(chosen.providers) : [];
  return names.filter(isLeft).reduce((left, name) => unchoose(left, ["providers", name]), chosen);
}

export const model: OperationKind<Params, ChangePorts> = {
  kind: modelChange.kind,
  words: { doing: "Giving a model to", done: "Gave a model to", task: "change of model" },
  tell({ agent, result }) {
    const { model: name } = resultOf(result);
    const next = [`/connect agent:${agent} channel:telegram`, `/status agent:${agent}`];
    return {
      title: name === null ? `${agent} has no model any more.` : `${agent} answers with ${name ?? "its model"}.`,
      ...{ facts: factsOfChange(result), next },
    };
  },
  define: (ports) => changeOperation(ports, modelChange),
};
