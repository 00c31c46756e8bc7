import { ComponentType, InteractionType, MessageFlags } from "discord.js";
import { z } from "zod";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { Submission } from "../../core/desk.ts";
import { Secret } from "../../core/secrets.ts";
import { isThread, mayPost } from "./permissions.ts";
import { SNOWFLAKE } from "./snowflake.ts";

const snowflake = z.string().regex(SNOWFLAKE);
const user = z.object({
  id: snowflake,
  username: z.string(),
  global_name: z.string().nullish(),
  bot: z.boolean().nullish(),
  system: z.boolean().nullish(),
});
const option = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().nullish(),
});
const command = z.object({ name: z.string(), options: z.array(option).nullish() });
/** A label with what was typed below it. */
const entered = z.object({
  type: z.literal(ComponentType.Label),
  component: z.object({ type: z.literal(ComponentType.TextInput), value: z.string() }),
});
const common = {
  id: snowflake,
  application_id: snowflake,
  /** Answers this interaction, and nothing else, for 15 minutes. */
  token: z.string().regex(/^[\w.-]+$/),
  channel_id: snowflake,
  channel: z.object({ type: z.number() }).nullish().catch(null),
  /** What the bot may do where this comes from. */
  app_permissions: z
    .string()
    .regex(/^\d{1,30}$/)
    .nullish()
    .catch(null),
  member: z.object({ user, roles: z.array(z.string()).catch([]), nick: z.string().nullish() }).nullish(),
  user: user.nullish(),
};
/** Source: Discord API, "Interaction Object". Kinds that Creel does not use are left out. */
const schema = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal(InteractionType.ApplicationCommand), data: command }),
  z.object({ ...common, type: z.literal(InteractionType.ApplicationCommandAutocomplete), data: command }),
  z.object({
    ...common,
    type: z.literal(InteractionType.MessageComponent),
    data: z.object({ custom_id: z.string(), component_type: z.literal(ComponentType.Button) }),
    message: z.object({ id: snowflake, flags: z.number().nullish() }),
  }),
  z.object({
    ...common,
    type: z.literal(InteractionType.ModalSubmit),
    data: z.object({ custom_id: z.string(), components: z.array(entered) }),
    message: z.object({ id: snowflake, flags: z.number().nullish() }),
  }),
]);

const OURS: ReadonlySet<number> = new Set([
  InteractionType.ApplicationCommand,
  InteractionType.ApplicationCommandAutocomplete,
  InteractionType.MessageComponent,
  InteractionType.ModalSubmit,
]);

/** How an interaction is answered. */
export interface InteractionRef {
  readonly id: string;
  readonly applicationId: string;
  readonly token: string;
}

interface Common {
  readonly ref: InteractionRef;
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
    })
  | (Common & {
      readonly kind: "entered";
      readonly press: string;
      readonly value: Secret;
      readonly message: { id: string; isEphemeral: boolean };
    });

/** What a person did, from INTERACTION_CREATE; null for what Creel does not offer, and for what no person did. */
export function readInteraction(data: unknown): Interaction | null | "unreadable" {
  const parsed = schema.safeParse(data);
  if (!parsed.success) return isOther(data) ? null : "unreadable";
  const { id, token, application_id: applicationId, channel_id: chat, member } = parsed.data;
  const person = member?.user ?? parsed.data.user;
  if (person == null || person.bot === true || person.system === true) return null;
  const name = member?.nick ?? person.global_name ?? person.username;
  const actor: Actor = { channel: "discord", user: person.id, roles: member?.roles ?? [], name };
  const place: Place = { channel: "discord", chat, topic: null };
  const isInThread = isThread(parsed.data.channel?.type ?? null);
  const granted = parsed.data.app_permissions;
  const canPost = granted == null || mayPost(BigInt(granted), isInThread);
  const shared = { ref: { id, applicationId, token }, actor, place, isInThread, canPost };
  switch (parsed.data.type) {
    case InteractionType.ApplicationCommand:
      return { ...shared, kind: "command", submission: submissionOf(parsed.data.data) };
    case InteractionType.ApplicationCommandAutocomplete: {
      const { name: typedCommand, options } = parsed.data.data;
      const focused = options?.find((one) => one.focused);
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
      const isEphemeral = ((message.flags ?? 0) & MessageFlags.Ephemeral) !== 0;
      return { ...shared, kind: "press", press: button.custom_id, message: { id: message.id, isEphemeral } };
    }
    case InteractionType.ModalSubmit: {
      const { data: dialog, message } = parsed.data;
      const isEphemeral = ((message.flags ?? 0) & MessageFlags.Ephemeral) !== 0;
      const value = new Secret(dialog.components.map(({ component }) => component.value).join(" "));
      return { ...shared, kind: "entered", press: dialog.custom_id, value, message: { id: message.id, isEphemeral } };
    }
  }
}

function isOther(data: unknown): boolean {
  const { success, data: seen } = z.object({ type: z.number() }).safeParse(data);
  return success && !OURS.has(seen.type);
}

function submissionOf({ name, options }: z.output<typeof command>): Submission {
  const given = (options ?? []).flatMap((one) =>
    one.value === undefined ? [] : [[one.name, String(one.value)] as const],
  );
  return { command: name, options: Object.fromEntries(given), confirmation: null };
}
