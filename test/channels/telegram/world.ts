import { commands } from "../../../commands/index.ts";
import type {
  Chat,
  ChatHandler,
  ChatMessage,
  CommandEvent,
  EnteredEvent,
  Posted,
  PressEvent,
} from "../../../src/channels/channel.ts";
import { createTelegramChat, type TelegramOptions } from "../../../src/channels/telegram/telegram.ts";
import type { Submission } from "../../../src/core/desk.ts";
import { asOpsError, type OpsError } from "../../../src/core/errors.ts";
import { type Block, command, message } from "../../../src/core/message.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { startTelegramServer, type TelegramServer } from "../../fixtures/telegram/server.ts";

export const ada = 4001;
export const bob = 4002;
export const group = -1_000_000_000_555;

export const inPrivate = { channel: "telegram" as const, chat: String(ada), topic: null };
export const inGroup = { channel: "telegram" as const, chat: String(group), topic: null };
export const ordinary = { key: null, notify: null, replyTo: null };

/** A message with buttons that send back "c:<label>". */
export function saying(
  title: string,
  more: { blocks?: Block[]; buttons?: string[]; private?: boolean } = {},
): ChatMessage {
  const buttons = more.buttons ?? [];
  const actions = buttons.map((label) => command(label, label));
  const content = message(title, "plain", more.blocks ?? [], { private: more.private ?? false, actions });
  return { ...content, presses: buttons.map((label) => `c:${label}`) };
}

export async function telegramWithPeople(options: { now?: () => number } = {}): Promise<TelegramServer> {
  const server = await startTelegramServer(options);
  server.addPerson({ id: ada, name: "Ada", username: "ada_l" });
  server.addPerson({ id: bob, name: "Bob <b>" });
  server.addGroup({ id: group, title: "Ops", members: [ada, bob], topics: { 77: "Agents" } });
  return server;
}

interface Behaviour {
  command?(event: CommandEvent): Promise<void>;
  press?(event: PressEvent): Promise<void>;
  awaits?(text: string | null): Promise<{ readonly asked: Posted | null } | null>;
  entered?(event: EnteredEvent): Promise<void>;
}

/** Keeps what it is handed, and behaves as told. */
export function createPeople(server: TelegramServer, behaviour: Behaviour = {}) {
  const commandEvents: (CommandEvent & { readonly submission: Submission | OpsError })[] = [];
  const presses: PressEvent[] = [];
  const troubles: (string | null)[] = [];
  const handler: ChatHandler = {
    async command(event) {
      commandEvents.push({ ...event, submission: submissionOf(event) });
      await behaviour.command?.(event);
    },
    async press(event) {
      presses.push(event);
      await behaviour.press?.(event);
    },
    complete: async () => [],
    awaits: async (_, text) => (await behaviour.awaits?.(text)) ?? null,
    async entered(event) {
      await behaviour.entered?.(event);
    },
    trouble(error) {
      troubles.push(error?.userMessage ?? null);
    },
  };
  return { handler, commandEvents, presses, troubles, server };
}

function submissionOf(event: CommandEvent): Submission | OpsError {
  try {
    return event.read();
  } catch (error) {
    return asOpsError(error);
  }
}

export interface Running extends AsyncDisposable {
  readonly chat: Chat;
  readonly errors: unknown[];
}

export function createChat(server: TelegramServer, options: Partial<TelegramOptions> = {}): Running {
  const errors: unknown[] = [];
  const chat = createTelegramChat({
    token: new Secret(server.token),
    apiRoot: server.apiRoot,
    commands,
    onError: (error) => errors.push(error),
    now: Date.now,
    elapsed: options.now ?? (() => performance.now()),
    ...options,
  });
  return { chat, errors, [Symbol.asyncDispose]: () => chat.close() };
}

export async function openChat(
  server: TelegramServer,
  handler: ChatHandler,
  options: Partial<TelegramOptions> = {},
): Promise<Running> {
  const running = createChat(server, options);
  await running.chat.open(handler);
  return running;
}
