import { z } from "zod";

const user = z.object({
  id: z.number().int(),
  is_bot: z.boolean(),
  first_name: z.string(),
  last_name: z.string().optional(),
  username: z.string().optional(),
});

const chat = z.object({
  id: z.number().int(),
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: z.string().optional(),
});

const message = z.object({
  message_id: z.number().int(),
  /** In seconds, by Telegram's clock. */
  date: z.number().catch(0),
  from: user.optional(),
  /** Set for what is said in the name of a chat: anonymous administrators, linked channels. */
  sender_chat: chat.optional(),
  chat,
  text: z.string().optional(),
  message_thread_id: z.number().int().optional(),
  is_topic_message: z.boolean().optional(),
  /** Somebody else's words. */
  forward_origin: z.unknown().optional(),
  via_bot: z.unknown().optional(),
  /** A channel's post, copied into its group by Telegram. */
  is_automatic_forward: z.boolean().optional(),
  migrate_to_chat_id: z.number().int().optional(),
});

const callbackQuery = z.object({
  id: z.string(),
  from: user,
  /** Absent for messages sent by way of inline mode; with few fields when it is old. */
  message: message.optional(),
  data: z.string().optional(),
});

/** What Creel reads of an update (core.telegram.org/bots/api#update). Edited messages and channel posts are not asked for. */
const update = z.object({ message: message.optional(), callback_query: callbackQuery.optional() });

export type TelegramUser = z.output<typeof user>;
export type TelegramMessage = z.output<typeof message>;
export type TelegramPress = z.output<typeof callbackQuery>;
export type Update = z.output<typeof update> & {
  readonly id: number;
  /** It may have waited for minutes; presses do not say when they were made. */
  readonly waited?: boolean;
  /** It holds what Creel has asked for, in another shape. */
  readonly unreadable?: boolean;
};

export const ALLOWED_UPDATES = ["message", "callback_query"] as const;

/** An update without anything in it that Creel understands has only its id; null for what is no update. */
export function readUpdate(value: unknown): Update | null {
  const id = z.object({ update_id: z.number().int() }).safeParse(value);
  if (!id.success) return null;
  const content = update.safeParse(value);
  return content.success ? { ...content.data, id: id.data.update_id } : { id: id.data.update_id, unreadable: true };
}
