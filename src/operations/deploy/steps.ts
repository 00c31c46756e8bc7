import { z } from "zod";
import type { OperationContext } from "../definition.ts";
import { agentName, host, nothing } from "../schemas.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const deployParams = z.strictObject({
  name: agentName,
  provider: z.string().nullable(),
  region: z.string().nullable(),
  size: z.string().nullable(),
});
export type DeployParams = z.output<typeof deployParams>;

export const deploySteps = {
  validate: {
    title: "Check the request",
    budgetMs: 30 * SECOND,
    output: z.strictObject({ memoryMb: z.number(), provider: z.string() }),
  },
  reserve: { title: "Reserve the name", budgetMs: 2 * MINUTE, output: nothing },
  snapshot: { title: "Golden image", budgetMs: 45 * MINUTE, output: z.strictObject({ fingerprint: z.string() }) },
  create: { title: "Create the host", budgetMs: 5 * MINUTE, output: host },
  reach: { title: "Reach it over SSH", budgetMs: 5 * MINUTE, output: nothing, retryBaseMs: 50, retryMaxMs: 100 },
  install: { title: "Secrets, configuration, units", budgetMs: 3 * MINUTE, output: nothing },
  launch: { title: "Start the gateway", budgetMs: MINUTE, output: nothing },
  boot: { title: "First boot done", budgetMs: 10 * MINUTE, output: nothing },
  prepareKey: { title: "New SSH host key", budgetMs: MINUTE, output: z.strictObject({ fingerprint: z.string() }) },
  activateKey: { title: "Use the new host key", budgetMs: MINUTE, output: nothing },
  ready: { title: "Gateway is ready", budgetMs: 5 * MINUTE, output: nothing, retryBaseMs: 100, retryMaxMs: 150 },
  access: { title: "Full access over RPC", budgetMs: MINUTE, output: z.strictObject({ version: z.string() }) },
  outside: { title: "Closed to the outside", budgetMs: 30 * SECOND, output: nothing },
  record: { title: "Record the agent", budgetMs: 30 * SECOND, output: nothing },
} as const;

export type DeployContext = OperationContext<typeof deploySteps>;
