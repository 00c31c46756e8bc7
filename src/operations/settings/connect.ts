import { z } from "zod";
import { choose, unchoose } from "../../agent-settings/choose.ts";
import { secretRef } from "../../agent-settings/schema.ts";
import { AGENT_CHANNELS, type AgentChannel, SERVICE_NAMES } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import type { AgentName } from "../../core/names.ts";
import type { OperationKind } from "../kind.ts";
import { agentName } from "../schemas.ts";
import { factsOf } from "../told.ts";
import { type Change, type ChangePorts, changeOperation } from "./change.ts";
import { factsOfChange, resultOf } from "./told.ts";

const params = z.strictObject({
  agent: agentName,
  channel: z.enum(AGENT_CHANNELS),
  /** null: the one that it was given before, or that creel.yaml says. */
  token: secretRef.nullable(),
});
type Params = z.output<typeof params>;

/** `/connect`: through which bot people write to an agent. */
export const connectChange: Change<Params> = {
  kind: "connect",
  params,
  subjects: ({ channel }) => ({ model: false, channels: [channel] }),
  choose:
    (_ports, { agent, channel, token }) =>
    (chosen, said) => {
      if (token !== null) return choose(chosen, { channels: { [channel]: { token } } });
      if (said.channels[channel]?.token != null) return unchoose(chosen, ["channels", channel]);
      if (hasToken(chosen.channels, channel)) return chosen;
      throw noToken(agent, channel);
    },
};

export const connect: OperationKind<Params, ChangePorts> = {
  kind: connectChange.kind,
  words: { doing: "Connecting", done: "Connected", task: "connection" },
  tell({ agent, result, params: asked }) {
    const { channel } = { channel: undefined, ...Object(asked) };
    const { bots = {} } = resultOf(result);
    const bot = Object.values(bots).find((name) => name !== null);
    return {
      ...(bot === undefined ? {} : { title: `@${bot} is listening. Write to it.` }),
      facts: [...factsOfChange(result), ...(bot === undefined ? [] : newcomers(agent, channel))],
      next: [`/disconnect agent:${agent} channel:${channel ?? "telegram"}`, `/status agent:${agent}`],
    };
  },
  define: (ports) => changeOperation(ports, connectChange),
};

/** The bot tells whom it does not know to run a program that only the gateway has. */
function newcomers(agent: string | null, channel: unknown) {
  const approve = `creel ssh ${agent} podman exec openclaw-gateway openclaw pairing approve ${channel} CODE`;
  return factsOf({ Newcomers: `It gives them a code, and this lets them in: ${approve}` });
}

const channels = z.record(z.string(), z.looseObject({ token: z.string() }).nullable()).catch({});

function hasToken(chosen: unknown, channel: AgentChannel): boolean {
  return (channels.parse(chosen)[channel] ?? null) !== null;
}

function noToken(agent: AgentName, channel: AgentChannel): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: `${agent} has no token of a bot on ${SERVICE_NAMES[channel]}.`,
    hint: `creel secrets set ${agent}-${channel} keeps one, and token:vault:${agent}-${channel} gives it.`,
  });
}
