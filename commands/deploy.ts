import { deploy as operation } from "../src/operations/deploy/deploy.ts";
import { wanted } from "../src/operations/kind.ts";
import { providers, regions, sizes } from "../src/questions/offers.ts";
import { type Command, required } from "./command.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "Create a host and run a new agent on it",
  label: "Deploy",
  tone: "good",
  options: [
    { name: "name", summary: "What to call the agent", kind: "new-agent", required: true, bare: true },
    { name: "provider", summary: "Where its host is created", kind: "text", required: false, offers: providers },
    { name: "region", summary: "The provider's region", kind: "text", required: false, offers: regions },
    {
      name: "size",
      summary: "The provider's size of host; under nspawn its disk is this machine's, without a limit",
      kind: "text",
      required: false,
      offers: sizes,
    },
  ],
  request(values) {
    const name = required(values.agentName("name"), "name");
    const params = {
      name,
      provider: values.text("provider"),
      region: values.text("region"),
      size: values.text("size"),
    };
    return { type: "operation", ...wanted(operation, name, params) };
  },
};
