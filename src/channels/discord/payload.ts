import type { RawFile } from "discord.js";
import type { Actor } from "../../core/actor.ts";
import type { ChatMessage } from "../channel.ts";
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

export function withoutFiles({ body }: Payload): Payload {
  return withFiles(body, []);
}

/** The list replaces whatever files the message had before. */
function withFiles(body: Payload["body"], files: readonly RawFile[]): Payload {
  return { body: { ...body, attachments: files.map((file, id) => ({ id, filename: file.name })) }, files };
}
