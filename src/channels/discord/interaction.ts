import { ComponentType, InteractionType, MessageFlags } from "discord.js";
import { z } from "zod";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { Submission } from "../../core/desk.ts";
import { OpsError } from "../../core/errors.ts";
import { isThread, mayPost } from "./permissions.ts";

const user = z.object({ id: z.string(), username: z.string(), global_name: z.string().nullish() });
const option = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().default(false),
});
const command = z.object({ name: z.string(), options: z.array(option).default([]) });
const common = {
  id: z.string(),
  application_id: z.string(),
  /** Answers this interaction, and nothing else, for 15 minutes. */
  token: z.string(),
  channel_id: z.string(),
  channel: z.object({ type: z.number() }).optional(),
  /** What the bot may do where this comes from. */
  app_permissions: z.string().regex(/^\d+$/).optional(),
  member: z.object({ user, roles: z.array(z.string()), nick: z.string().nullish() }).optional(),
  user: user.optional(),
};
/** Source: Discord API, "Interaction Object". Kinds that Creel does not use are left out. */
const schema = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal(InteractionType.ApplicationCommand), data: command }),
  z.object({ ...common, type: z.literal(InteractionType.ApplicationCommandAutocomplete), data: command }),
  z.object({
    ...common,
    type: z.literal(InteractionType.MessageComponent),
    data: z.object({ custom_id: z.string(), component_type: z.literal(ComponentType.Button) }),
    message: z.object({ id: z.string(), flags: z.number().default(0) }),
  }),
]);

const OURS: ReadonlySet<number> = new Set([
  InteractionType.ApplicationCommand,
  InteractionType.ApplicationCommandAutocomplete,
  InteractionType.MessageComponent,
]);

/** How an interaction is answered. */
export interface Ticket {
  readonly id: string;
  readonly applicationId: string;
  readonly token: string;
}

interface Common {
  readonly ticket: Ticket;
  readonly actor: Actor;
  readonly place: Place;
  readonly isInThread: boolean;
  /** Whether the bot may post ordinary messages in `place`; true when Discord does not say. */
  readonly canPost: boolean;
}

export type Interaction =
  | (Common & { readonly kind: "command"; readonly submission: Submission })
  | (Common & { readonly kind: "typing"; readonly command: string; readonly option: string; readonly typed: string })
  | (Common & {
      readonly kind: "press";
      readonly press: string;
      readonly message: { id: string; isEphemeral: boolean };
    });

/**
 * What a person did, from INTERACTION_CREATE; null for what Creel does not offer. Roles are read here, because the library would look
 * them up in a cache. @throws OpsError `internal` when it is not as Discord documents it.
 */
export function readInteraction(data: unknown): Interaction | null {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    if (isOther(data)) return null;
    const userMessage = "Discord sent a command or a press that cannot be read.";
    throw new OpsError({ code: "internal", userMessage, cause: parsed.error });
  }
  const { id, token, application_id: applicationId, channel_id: chat, member } = parsed.data;
  const person = member?.user ?? parsed.data.user;
  if (person === undefined) return null;
  const name = member?.nick ?? person.global_name ?? person.username;
  const actor: Actor = { channel: "discord", user: person.id, roles: member?.roles ?? [], name };
  const place: Place = { channel: "discord", chat, topic: null };
  const isInThread = isThread(parsed.data.channel?.type ?? null);
  const granted = parsed.data.app_permissions;
  const canPost = granted === undefined || mayPost(BigInt(granted), isInThread);
  const shared = { ticket: { id, applicationId, token }, actor, place, isInThread, canPost };
  switch (parsed.data.type) {
    case InteractionType.ApplicationCommand:
      return { ...shared, kind: "command", submission: submissionOf(parsed.data.data) };
    case InteractionType.ApplicationCommandAutocomplete: {
      const { name: typedCommand, options } = parsed.data.data;
      const focused = options.find((one) => one.focused);
      if (focused === undefined) return null;
      return {
        ...shared,
        kind: "typing",
        command: typedCommand,
        option: focused.name,
        typed: String(focused.value ?? ""),
      };
    }
    case InteractionType.MessageComponent: {
      const { data: button, message } = parsed.data;
      const isEphemeral = (message.flags & MessageFlags.Ephemeral) !== 0;
      return { ...shared, kind: "press", press: button.custom_id, message: { id: message.id, isEphemeral } };
    }
  }
}

function isOther(data: unknown): boolean {
  const { success, data: seen } = z.object({ type: z.number() }).safeParse(data);
  return success && !OURS.has(seen.type);
}

function submissionOf({ name, options }: z.output<typeof command>): Submission {
  const given = options.flatMap((one) => (one.value === undefined ? [] : [[one.name, String(one.value)] as const]));
  return { command: name, options: Object.fromEntries(given), confirmation: null };
}
