import { z } from "zod";
import { choose, unchoose } from "../../agent-settings/choose.ts";
import { AGENT_CHANNELS } from "../../core/agent-settings.ts";
import type { OperationKind } from "../kind.ts";
import { agentName } from "../schemas.ts";
import { type Change, type ChangePorts, changeOperation } from "./change.ts";
import { factsOfChange } from "./told.ts";

const params = z.strictObject({ agent: agentName, channel: z.enum(AGENT_CHANNELS) });
type Params = z.output<typeof params>;

/** `/disconnect`: takes the bot away from an agent. What creel.yaml says is taken back, too. */
export const disconnectChange: Change<Params> = {
  kind: "disconnect",
  params,
  subjects: () => ({ model: false, channels: [] }),
  choose:
    (_ports, { channel }) =>
    (chosen, said) => {
      const without = unchoose(chosen, ["channels", channel]);
      return said.channels[channel]?.token == null ? without : choose(without, { channels: { [channel]: null } });
    },
};

export const disconnect: OperationKind<Params, ChangePorts> = {
  kind: disconnectChange.kind,
  words: { doing: "Disconnecting", done: "Disconnected", task: "disconnection" },
  tell: ({ agent, result }) => ({ facts: factsOfChange(result), next: [`/status agent:${agent}`] }),
  define: (ports) => changeOperation(ports, disconnectChange),
};
