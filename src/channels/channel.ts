import type { Actor } from "../core/actor.ts";
import type { ChatName, Place } from "../core/chat.ts";
import type { Choice, Submission } from "../core/desk.ts";
import type { OpsError } from "../core/errors.ts";
import type { Action, Message } from "../core/message.ts";
import type { PrivateQuestion } from "../core/private-question.ts";
import type { Secret } from "../core/secrets.ts";

/** A message with the data its buttons send back, one per action and in their order. */
export interface ChatMessage extends Message {
  /** Printable ASCII of at most 64 bytes each, unique within the message. */
  readonly presses: readonly string[];
}

export interface Posted {
  readonly place: Place;
  /** Of the message, unique within its place. */
  readonly id: string;
}

export interface PostOptions {
  /** At most 25 characters. Posting again with the same key within minutes should not make a second message, where the chat can do that. */
  readonly key: string | null;
  /** Who hears a sound; everybody else and every name inside the text stay unbothered. */
  readonly notify: Actor | null;
  /** Sounds like an ordinary message although nobody is named in `notify`; absent: quiet. */
  readonly aloud?: boolean;
  /** Shown as an answer to this message, as long as that exists. */
  readonly replyTo: string | null;
}

/** How often messages may be posted or edited in one place. */
export interface Pace {
  readonly gapMs: number;
  readonly perMinute: number;
}

/**
 * A chat service. An adapter translates: it makes no text of its own, checks no authority and retries nothing. Strings in messages
 * may hold anything; none of it may format, link, or notify anybody. What does not fit is sent as a file.
 * Methods throw OpsError `chat-unavailable` (retry "later"; `retryAfterMs` when the service said how long), `chat-forbidden` or `chat-refused`.
 */
export interface Chat {
  readonly name: ChatName;
  /** How a secret is entered: in a dialog that a button opens, or as the person's next message in their private chat. */
  readonly entry: "dialog" | "message";
  /**
   * Connects, registers the commands, and hands what people do to `handler` until `close`. Resolves once people can use it; reconnects
   * by itself afterwards. @throws OpsError `chat-refused` when the service refuses the bot, which trying again does not change.
   */
  open(handler: ChatHandler): Promise<void>;
  /** Bounded. Idempotent. */
  close(): Promise<void>;
  pace(place: Place): Pace;
  post(place: Place, message: ChatMessage, options: PostOptions): Promise<Posted>;
  /** Replaces text and buttons. gone: there is no such message any more · frozen: it is too old to be changed. Same content again is "done". */
  edit(posted: Posted, message: ChatMessage): Promise<"done" | "gone" | "frozen">;
  /** Already gone is success; too old to be removed, too. */
  remove(posted: Posted): Promise<void>;
  /** Where the details of a message may go without filling its place; null where there is no such thing or the bot may not. Idempotent. */
  thread(posted: Posted, title: string): Promise<Place | null>;
}

/** What people did. Handlers never throw and may be called concurrently. */
export interface ChatHandler {
  command(event: CommandEvent): Promise<void>;
  press(event: PressEvent): Promise<void>;
  /**
   * Where a secret is entered as a message, for every message in a private chat that is no command: whether it is one, and which message asked
   * for it. `text`: null for what is no text. Never throws.
   */
  awaits(actor: Actor, text: string | null): Promise<{ readonly asked: Posted | null } | null>;
  /** Somebody entered a secret. */
  entered(event: EnteredEvent): Promise<void>;
  /** At most 25. Never throws: no choices when something is wrong. */
  complete(actor: Actor, command: string, option: string, typed: string): Promise<Choice[]>;
  /** The connection is refused after it had worked (token revoked, a second bot on it), or `null`: it works again. Once per change. */
  trouble(error: OpsError | null): void;
}

export interface CommandEvent {
  readonly actor: Actor;
  readonly place: Place;
  /** The same when the service delivers this command again. */
  readonly key: string;
  /** When it was typed, in milliseconds since 1970 by this machine's clock; null: the service does not say. */
  readonly atMs: number | null;
  /**
   * Whether whoever typed it may not expect it any more: it waited while Creel was away, or the service has told them that nothing came of
   * it. May ask the service. @throws OpsError
   */
  readonly isLate: () => Promise<boolean>;
  /** Whether the bot may post ordinary messages in `place`, as far as the service says. */
  readonly canPost: boolean;
  /** @throws OpsError `input-invalid` when what was typed cannot be read. */
  readonly read: () => Submission;
  readonly responder: Responder;
}

export interface PressEvent {
  readonly actor: Actor;
  readonly key: string;
  /** As for commands, and the two below. */
  readonly atMs: number | null;
  readonly isLate: () => Promise<boolean>;
  readonly canPost: boolean;
  /** Where the button was. */
  readonly posted: Posted;
  /** Whether that is a message which `Chat.edit` can change; false for those that a chat shows to one person only. */
  readonly isOrdinary: boolean;
  /** As in `ChatMessage.presses`. */
  readonly press: string;
  readonly responder: Responder;
}

export interface EnteredEvent {
  readonly actor: Actor;
  readonly isLate: () => Promise<boolean>;
  readonly canPost: boolean;
  /** What the button that opened the dialog sent back; null: it came as a message. */
  readonly press: string | null;
  /** null for what is no text, or somebody else's. */
  readonly value: Secret | null;
  /** The message that asked for it; null when that is not known. */
  readonly asked: Posted | null;
  /** As for presses, of that message. */
  readonly isOrdinary: boolean;
  /** Takes what was entered out of the chat. false: it still stands there. Never throws. */
  discard(): Promise<boolean>;
  /** For what was entered as for a press of the message that asked. */
  readonly responder: Responder;
}

/** Talks to the person who typed or pressed. */
export interface Responder {
  /** Shows that the answer takes longer than a moment. Repeating it does nothing. */
  wait(): Promise<void>;
  /**
   * The answer, once. A private message is seen by this person only, wherever the chat can do that: Discord ephemeral, Telegram in the
   * private chat (in a group that the person cannot be written to from, a short word in the group that says so, without the content).
   * @returns where it is, for a question's ticket; null when it cannot be pressed (an alert, a word in the group).
   */
  answer(message: ChatMessage): Promise<Posted | null>;
  /** Instead of `answer`, when what was asked for shows up in the place by itself: a quiet word where the chat expects every command answered. */
  accept(message: ChatMessage): Promise<void>;
  /**
   * Instead of `answer`, to somebody who may not use Creel: as cheap as the chat allows, tried once, never a failure. `again`: they have been
   * told lately, so it is said only where a chat expects every command answered.
   */
  turnAway(message: ChatMessage, again: boolean): Promise<void>;
  /** For a press, before `answer` or `accept`: the message that carried the button loses all of them, and stays otherwise. For a command nothing. */
  disarm(): Promise<void>;
  /** Instead of `answer`, for a press and before `wait`: opens a dialog, whose answer comes as `entered` with this `press`. Only where there are dialogs. */
  dialog(question: PrivateQuestion, press: string): Promise<void>;
  /** Instead of `answer`, for a press: replaces the message that carried the button; a refusal or an answer to somebody else goes by `answer`. */
  replace(message: ChatMessage): Promise<void>;
}

/** Each action with the data its button sends back. */
export function buttonsOf({ actions, presses }: ChatMessage): { readonly action: Action; readonly press: string }[] {
  return actions.flatMap((action, index) => {
    const press = presses[index];
    return press === undefined ? [] : [{ action, press }];
  });
}
