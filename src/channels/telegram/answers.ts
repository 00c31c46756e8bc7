import type { Transformer } from "grammy";
import { z } from "zod";
import { unavailable } from "./errors.ts";

const posted = z.object({ message_id: z.number().int() });

/** What Creel reads of an answer. Others say no more than that a call was carried out. */
const RESULTS: Readonly<Partial<Record<string, z.ZodType>>> = {
  getMe: z.object({ id: z.number(), username: z.string() }),
  getUpdates: z.array(z.unknown()),
  getMyCommands: z.array(z.object({ command: z.string(), description: z.string() })),
  getWebhookInfo: z.object({ url: z.string(), pending_update_count: z.number() }),
  getChat: z.object({ id: z.number(), type: z.string() }),
  getChatMember: z.object({ status: z.string() }),
  sendMessage: posted,
  sendDocument: posted,
};

const failure = z.object({
  ok: z.literal(false),
  error_code: z.number(),
  description: z.string(),
  parameters: z
    .object({ retry_after: z.number().optional(), migrate_to_chat_id: z.union([z.number(), z.string()]).optional() })
    .optional(),
});

/**
 * grammY believes every answer; whatever stands between Creel and Telegram may say something else. An answer that cannot be understood
 * is none. @throws OpsError `chat-unavailable`.
 */
export const understood: Transformer = async (call, method, payload, signal) => {
  const answer = await call(method, payload, signal);
  const result = RESULTS[method] ?? z.unknown();
  if (z.union([z.object({ ok: z.literal(true), result }), failure]).safeParse(answer).success) return answer;
  throw unavailable("Telegram's answer makes no sense.", [`${method}: an answer of another shape`]);
};
