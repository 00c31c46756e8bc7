import { z } from "zod";
import type { Host } from "../core/host.ts";
import {
  type AgentName,
  type HostName,
  isAgentName,
  isOperationId,
  type OperationId,
  parseHostName,
} from "../core/names.ts";

export const agentName = z.string().refine(isAgentName, "not an agent's name") as z.ZodType<AgentName, string>;
const operationId = z.string().refine(isOperationId, "not an operation's id") as z.ZodType<OperationId, string>;
const hostName = z.string().transform((text): HostName => parseHostName(text));

/** For steps whose effect is all that matters. */
export const nothing = z.strictObject({});

export const host: z.ZodType<Host & Readonly<Record<string, string | number>>> = z.strictObject({
  name: hostName,
  provider: z.string(),
  state: z.enum(["running", "stopped"]),
  agent: agentName,
  operation: operationId,
  createdAtMs: z.number(),
  region: z.string(),
  size: z.string(),
  address: z.string(),
  sshPort: z.number().int(),
  hostKeyFingerprint: z.string(),
});
