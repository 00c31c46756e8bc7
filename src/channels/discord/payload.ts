import { ComponentType, type RawFile, TextInputStyle } from "discord.js";
import type { Actor } from "../../core/actor.ts";
import type { PrivateQuestion } from "../../core/private-question.ts";
import type { ChatMessage } from "../channel.ts";
import { cut, words } from "../shape/plain-text.ts";
import { compose } from "./compose.ts";

/** What goes to Discord for a message, whichever route it takes. */
export interface Payload {
  readonly body: Readonly<Record<string, unknown>>;
  readonly files: readonly RawFile[];
}

/** Who is notified is named in front of the text, and nobody else can be. */
export function payloadOf(message: ChatMessage, notify: Actor | null = null): Payload {
  const { content, embeds, components, files } = compose(message);
  const user = notify?.channel === "discord" && /^\d{15,20}$/.test(notify.user) ? notify.user : null;
  return withFiles(
    {
      content: user === null ? content : `<@${user}> ${content}`,
      embeds,
      components,
      allowed_mentions: { parse: [], users: user === null ? [] : [user], replied_user: false },
    },
    files,
  );
}

/** Source: Discord API, "Modal" and "Label Structure". */
const MAX_DIALOG = { title: 45, description: 100, typed: 4_000 };

/** A dialog with one line to fill in. `press` comes back with what was typed. */
export function dialogOf(question: PrivateQuestion, press: string): Payload["body"] {
  const line = {
    ...{ type: ComponentType.TextInput, custom_id: "value", style: TextInputStyle.Short },
    ...{ required: true, max_length: MAX_DIALOG.typed },
  };
  const description = cut(words(question.text), MAX_DIALOG.description);
  return {
    custom_id: press,
    title: cut(words(question.title), MAX_DIALOG.title),
    components: [{ type: ComponentType.Label, label: "Enter or paste it", description, component: line }],
  };
}

export function withoutFiles({ body }: Payload): Payload {
  return withFiles(body, []);
}

/** The list replaces whatever files the message had before. */
function withFiles(body: Payload["body"], files: readonly RawFile[]): Payload {
  return { body: { ...body, attachments: files.map((file, id) => ({ id, filename: file.name })) }, files };
}
