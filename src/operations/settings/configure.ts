import { z } from "zod";
import type { OperationKind } from "../kind.ts";
import { agentName } from "../schemas.ts";
import { factsOf } from "../told.ts";
import { type Change, type ChangePorts, changeOperation } from "./change.ts";
import { factsOfChange, resultOf } from "./told.ts";

const params = z.strictObject({ agent: agentName });
type Params = z.output<typeof params>;

/** `/configure`: hands an agent what creel.yaml says by now, and secrets that have other values. */
export const configureChange: Change<Params> = {
  kind: "configure",
  params,
  subjects: () => ({ model: false, channels: [] }),
  choose: () => (chosen) => chosen,
};

export const configure: OperationKind<Params, ChangePorts> = {
  kind: configureChange.kind,
  words: { doing: "Configuring", done: "Configured", task: "configuration" },
  tell({ agent, result }) {
    const { changes = [] } = resultOf(result);
    const changed = changes.length === 0 ? "no setting; its secrets were handed over anew" : changes.join("; ");
    return { facts: [...factsOf({ Changed: changed }), ...factsOfChange(result)], next: [`/status agent:${agent}`] };
  },
  define: (ports) => changeOperation(ports, configureChange),
};
