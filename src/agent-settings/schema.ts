import { isAbsolute } from "node:path";
import { z } from "zod";
import { type AgentSettings, type KeptSettings, MODEL_APIS } from "../core/agent-settings.ts";
import { isSecretRef, type SecretRef } from "../core/secrets.ts";
import { openclawIssues } from "./openclaw.ts";
import { isTimeZone } from "./time-zone.ts";

export const secretRef = z
  .string()
  .refine(
    isSecretRef,
    "must refer to a secret: op://vault/item/field, vault:name, env:NAME or file:/path",
  ) as z.ZodType<SecretRef, string>;
export const timeZone = z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin");
/** Where a service is. */
export const serverAddress = z.url({
  protocol: /^https?$/,
  error: "must be an address such as https://chat.example.net",
});

const model = z
  .string()
  .regex(/^[a-z0-9][\w.-]*\/[^\s/][^\s]*$/i, "must be a provider and a model, such as openai/gpt-5.5");
const providerName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be a provider's name, such as openai");

const provider = z.strictObject({
  key: secretRef.nullable().default(null),
  baseUrl: serverAddress.nullable().default(null),
  api: z.enum(MODEL_APIS).nullable().default(null),
  models: z.array(z.string().min(1)).default([]),
});
const channel = z.strictObject({
  token: secretRef.nullable().default(null),
  apiRoot: serverAddress.nullable().default(null),
});
const openclaw = z.record(z.string(), z.json());

/** All of an agent's settings, with what is not said filled in. */
export const agentSettings = z.strictObject({
  model: model.nullable().default(null),
  fallbacks: z.array(model).default([]),
  providers: z.record(providerName, provider).default({}),
  channels: z
    .strictObject({ telegram: channel.nullable().default(null), discord: channel.nullable().default(null) })
    .prefault({}),
  workspace: z.string().refine(isAbsolute, "must be a whole path").nullable().default(null),
  timeZone: timeZone.nullable().default(null),
  controlUi: z.boolean().default(false),
  openclaw: openclaw.default({}),
}) satisfies z.ZodType<AgentSettings>;

/** What one place may say: each of the settings, null where it takes away what was said before. */
export const settingsLayer = z.strictObject({
  model: model.nullable().optional(),
  fallbacks: z.array(model).nullable().optional(),
  providers: z
    .record(
      providerName,
      z
        .strictObject({
          key: secretRef.nullable().optional(),
          baseUrl: serverAddress.nullable().optional(),
          api: z.enum(MODEL_APIS).nullable().optional(),
          models: z.array(z.string().min(1)).nullable().optional(),
        })
        .nullable(),
    )
    .nullable()
    .optional(),
  channels: z
    .strictObject({
      telegram: z
        .strictObject({ token: secretRef.nullable().optional(), apiRoot: serverAddress.nullable().optional() })
        .nullable()
        .optional(),
      discord: z.strictObject({ token: secretRef.nullable().optional() }).nullable().optional(),
    })
    .nullable()
    .optional(),
  workspace: z.string().min(1).nullable().optional(),
  timeZone: timeZone.nullable().optional(),
  controlUi: z.boolean().nullable().optional(),
  openclaw: openclaw
    .superRefine((settings, context) => {
      for (const { path, message } of openclawIssues(settings)) {
        context.addIssue({ code: "custom", path: [...path], message });
      }
    })
    .nullable()
    .optional(),
});

const bot = z.object({ id: z.string(), name: z.string() }).nullable().default(null);

/** As it is kept. What an older Creel wrote has less in it. */
export const keptSettings: z.ZodType<KeptSettings, unknown> = z.object({
  chosen: z.record(z.string(), z.json()).default({}),
  applied: agentSettings.nullable().default(null),
  bots: z.object({ telegram: bot, discord: bot }).prefault({}),
});
