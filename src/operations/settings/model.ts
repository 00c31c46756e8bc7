import { z } from "zod";
import { choose, unchoose } from "../../agent-settings/choose.ts";
import { secretRef } from "../../agent-settings/schema.ts";
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
      if (model === null) {
        const before = typeof chosen.model === "string" ? partsOf(chosen.model).provider : null;
        const without = unchoose(chosen, ["model"]);
        return before === null ? without : unchoose(without, ["providers", before]);
      }
      const { provider, settings } = providerOf(said, model);
      const setup = modelApis.known(provider)?.setup ?? { baseUrl: null, api: null };
      const isAddressNew = settings.baseUrl === null && setup.baseUrl !== null;
      const its = { ...(key === null ? {} : { key }), ...(isAddressNew ? { ...setup } : {}) };
      const providers = Object.keys(its).length === 0 ? {} : { providers: { [provider]: its } };
      return choose(chosen, { model, ...providers });
    },
};

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
