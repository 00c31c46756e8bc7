import { z } from "zod";
import { AGENT_CHANNELS } from "../../core/agent-settings.ts";
import { FIRST_SYSTEM } from "../../core/host.ts";
import type { OperationContext } from "../definition.ts";
import { provingSteps } from "../prove.ts";
import { agentName, bots, host, nothing } from "../schemas.ts";

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
    budgetMs: MINUTE,
    output: z.strictObject({
      memoryMb: z.number(),
      provider: z.string(),
      // null in journals of an older Creel: what was asked for, or the provider's first choice. It knew nothing of what comes after, either.
      region: z.string().nullable().default(null),
      size: z.string().nullable().default(null),
      // What creel.yaml says for the agent, as a fingerprint: that may be larger than a journal takes.
      settings: z.string().nullable().default(null),
      model: z.string().nullable().default(null),
      // Channels that it is given, and those that lack a bot's token.
      given: z.array(z.enum(AGENT_CHANNELS)).default([]),
      waiting: z.array(z.enum(AGENT_CHANNELS)).default([]),
      bots: bots.default({ telegram: null, discord: null }),
      // About its workspace, one sentence each.
      warnings: z.array(z.string()).default([]),
    }),
  },
  reserve: { title: "Reserve the name", budgetMs: 2 * MINUTE, output: nothing },
  image: {
    title: "Golden image",
    budgetMs: 45 * MINUTE,
    output: z.strictObject({
      // The image's id; null in journals of an older Creel, which left the choice to the provider.
      image: z.string().nullable().default(null),
      fingerprint: z.string(),
      system: z.string().default(FIRST_SYSTEM),
      // The age in days of an image that is older than the owner wants; else null.
      tooOldDays: z.number().nullable().default(null),
    }),
  },
  create: { title: "Create the host", budgetMs: 5 * MINUTE, output: host },
  reach: { title: "Reach it over SSH", budgetMs: 5 * MINUTE, output: nothing, retryBaseMs: 50, retryMaxMs: 100 },
  install: { title: "Secrets, configuration, units", budgetMs: 3 * MINUTE, output: nothing },
  launch: provingSteps.launch,
  boot: { title: "First boot done", budgetMs: 10 * MINUTE, output: nothing },
  prepareKey: { title: "New SSH host key", budgetMs: MINUTE, output: z.strictObject({ fingerprint: z.string() }) },
  activateKey: { title: "Use the new host key", budgetMs: MINUTE, output: nothing },
  ready: provingSteps.ready,
  access: provingSteps.access,
  outside: provingSteps.outside,
  network: provingSteps.network,
  answers: {
    title: "Its model answers",
    budgetMs: 4 * MINUTE,
    output: z.strictObject({ answer: z.string().nullable(), why: z.string().nullable() }),
    ...{ retryBaseMs: 500, retryMaxMs: 5000 },
  },
  connected: {
    title: "Its bots are connected",
    budgetMs: 2 * MINUTE,
    output: z.strictObject({ why: z.string().nullable() }),
    ...{ retryBaseMs: 250, retryMaxMs: 1000 },
  },
  record: { title: "Record the agent", budgetMs: 30 * SECOND, output: nothing },
} as const;

export type DeployContext = OperationContext<typeof deploySteps>;
