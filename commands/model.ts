import { wanted } from "../src/operations/kind.ts";
import { modelChange, model as operation } from "../src/operations/settings/model.ts";
import { readModelName } from "../src/operations/settings/model-name.ts";
import { ASKED_ANEW, type Command, required } from "./command.ts";
import { keyNeed } from "./model-key.ts";
import { ifSame, planned } from "./planned.ts";

export const model: Command = {
  name: "model",
  summary: "Choose the model that an agent thinks with",
  label: "Model",
  tone: "good",
  options: [
    { name: "agent", summary: "Whose model", kind: "agent", required: true, bare: true },
    {
      name: "model",
      summary: "Such as openai/gpt-5.5; default: what creel.yaml says",
      example: "openai/gpt-5.5",
      kind: "text",
      required: true,
      bare: true,
    },
    {
      name: "key",
      summary: "Where the provider's key is, such as vault:NAME; asked for when left out, and again with new",
      kind: "secret-ref",
      required: false,
    },
  ],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    const params = {
      agent,
      model: readModelName(required(values.text("model"), "model")),
      key: values.secretRef("key"),
    };
    const isAnew = values.text("key") === ASKED_ANEW;
    return {
      type: "operation",
      ...wanted(operation, agent, params),
      async nothingToDo(sources) {
        if (params.key !== null || isAnew) return null;
        const plan = await planned(sources, agent, modelChange.choose(sources.services, params));
        const title =
          plan?.settings.model == null ? `${agent} has no model.` : `${agent} has ${plan.settings.model} already.`;
        return ifSame(plan, title);
      },
      needs: async (sources) => (params.key === null ? await keyNeed(sources, { ...params, isAnew }) : null),
    };
  },
};
