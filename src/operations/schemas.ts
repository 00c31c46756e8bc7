import { z } from "zod";
import { FIRST_SYSTEM, type Host } from "../core/host.ts";
import { readHostKeys } from "../core/host-keys.ts";
import type { Json } from "../core/json.ts";
import {
  type AgentName,
  type HostName,
  isAgentName,
  isOperationId,
  type OperationId,
  parseHostName,
} from "../core/names.ts";
import { containerImageOf, OPENCLAW_VERSION } from "../core/openclaw.ts";

export const agentName = z.string().refine(isAgentName, "not an agent's name") as z.ZodType<AgentName, string>;
const operationId = z.string().refine(isOperationId, "not an operation's id") as z.ZodType<OperationId, string>;
const hostName = z.string().transform((text): HostName => parseHostName(text));

/** For steps whose effect is all that matters. */
export const nothing = z.strictObject({});

const bot = z.strictObject({ id: z.string(), name: z.string() }).nullable();
/** Those of an agent; null: none. */
export const bots = z.strictObject({ telegram: bot, discord: bot });

/** How an agent's network was found. `why` is half a sentence, null unless it is missing or could not be tried. */
export const network = z.strictObject({
  network: z.enum(["reached", "missing", "off", "unknown"]),
  why: z.string().nullable(),
});

export const host: z.ZodType<Host & Readonly<Record<string, Json>>> = z.preprocess(
  withAgents,
  z
    .strictObject({
      name: hostName,
      provider: z.string(),
      state: z.enum(["running", "stopped"]),
      agents: z.array(agentName),
      operation: operationId,
      createdAtMs: z.number(),
      region: z.string(),
      size: z.string(),
      image: z.string().nullable().default(null),
      address: z.string(),
      sshPort: z.number().int(),
      // Journals of an older Creel have none of these.
      system: z.string().default(FIRST_SYSTEM),
      gatewayPort: z.number().int().default(18_789),
      containerImage: z.string().default(containerImageOf(OPENCLAW_VERSION)),
      hostKeyFingerprint: z.string(),
      nextHostKeyFingerprint: z.string().nullable().default(null),
    })
    .transform((host) => ({ ...host, ...readHostKeys(host.hostKeyFingerprint, host.nextHostKeyFingerprint) })),
);

/** Journals of a Creel whose hosts had one agent each. */
function withAgents(host: unknown): unknown {
  const { agent, ...others } = z.looseObject({ agent: z.string().optional() }).catch({}).parse(host);
  return agent === undefined ? host : { ...others, agents: [agent] };
}
