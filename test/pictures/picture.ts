import type { Modal } from "../fixtures/discord/modal-schema.ts";
import type { Message } from "../fixtures/discord/types.ts";
import type { ChatMessage } from "../fixtures/telegram/server.ts";

/** What was seen at one moment, as plain data. `name` is the file's, without its ending. */
export type Picture = DiscordPicture | TelegramPicture | TerminalPicture | PagePicture;

export interface DiscordPicture {
  readonly kind: "discord";
  readonly name: string;
  /** Names of the channel and, if it is one, of the thread in it. */
  readonly place: readonly string[];
  readonly atMs: number;
  readonly messages: readonly DiscordMessage[];
  /** What lies over them. */
  readonly dialog: Modal | null;
  /** Names by id: of people, and of channels and threads. */
  readonly names: Readonly<Record<string, string>>;
}

export interface DiscordMessage extends Message {
  /** Which command it answers. */
  readonly usedBy: { readonly person: string; readonly command: string } | null;
}

export interface TelegramPicture {
  readonly kind: "telegram";
  readonly name: string;
  readonly messages: readonly ChatMessage[];
}

export interface TerminalPicture {
  readonly kind: "terminal";
  readonly name: string;
  /** The cells as HTML, a `div` for each line. */
  readonly html: string;
}

/** What a browser shows. */
export interface PagePicture {
  readonly kind: "page";
  readonly name: string;
  /** In base64. */
  readonly png: string;
}
