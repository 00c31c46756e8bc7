import { isIPv4 } from "node:net";
import { parseDocument } from "yaml";
import { z } from "zod";
import { CHATS } from "./core/chat.ts";
import { OpsError } from "./core/errors.ts";
import { isSecretRef, type SecretRef } from "./core/secrets.ts";

/** Where the services themselves are. */
export const DISCORD_API = "https://discord.com/api";
export const TELEGRAM_API = "https://api.telegram.org";

const secretRef = z
  .string()
  .refine(isSecretRef, "must refer to a secret: op://vault/item/field, vault:name or env:NAME") as z.ZodType<
  SecretRef,
  string
>;
const count = z.number().int().positive();
const snowflake = z
  .string("must be in quotes, because YAML rounds such long numbers")
  .regex(/^\d{15,20}$/, "must be a Discord id: 15 to 20 digits (Developer Mode, then Copy ID)");
const telegramId = z
  .union(
    [z.number().int(), z.string().regex(/^-?\d{1,16}$/, "must be a numeric Telegram id")],
    "must be a numeric Telegram id",
  )
  .transform(String);
const people = z.strictObject({
  terminal: z.array(z.string().min(1)).optional(),
  discord: z
    .strictObject({ users: z.array(snowflake).default([]), roles: z.array(snowflake).default([]) })
    .prefault({}),
  telegram: z.array(telegramId.refine((id) => !id.startsWith("-"), "must be a person, not a group")).default([]),
});
const serverAddress = z.url({ protocol: /^https?$/, error: "must be an address such as https://chat.example.net" });
const seconds = z.number().positive().max(86_400);

function isListenAddress(text: string): boolean {
  const port = Number(/^(?:\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The whole of `creel.yaml`. `creel.example.yaml` documents it and is parsed by the tests. */
const schema = z
  .strictObject({
    owners: people.prefault({}),
    operators: people.prefault({}),
    discord: z
      .strictObject({
        token: secretRef,
        guilds: z.array(snowflake).default([]),
        api: serverAddress.default(DISCORD_API),
      })
      .optional(),
    telegram: z
      .strictObject({
        token: secretRef,
        apiRoot: serverAddress.transform((url) => url.replace(/\/+$/, "")).default(TELEGRAM_API),
        webhook: z
          .strictObject({
            url: z.url({ protocol: /^https$/, error: "must be an https:// address that Telegram can reach" }),
            listen: z
              .string()
              .refine(isListenAddress, "must be an address and a port, such as 127.0.0.1:8443")
              .default("127.0.0.1:8443"),
            secret: secretRef,
          })
          .optional(),
      })
      .optional(),
    alerts: z
      .strictObject({
        discord: snowflake.optional(),
        telegram: telegramId.optional(),
        digest: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 09:00")
          .default("09:00"),
        timeZone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin").default("UTC"),
      })
      .prefault({}),
    limits: z.record(z.string(), count).default({}),
    redis: z
      .strictObject({
        url: z
          .url({ protocol: /^rediss?$/, error: "must be an address such as redis://host:6379 or rediss://host:6380" })
          .refine(
            (url) => !URL.canParse(url) || new URL(url).password === "",
            "must not hold the password; refer to it with redis.password",
          ),
        password: secretRef.optional(),
        ca: z.string().optional(),
      })
      .optional(),
    local: z
      .strictObject({
        driver: z.enum(["auto", "nspawn", "qemu"]).default("auto"),
        internet: z.boolean().default(true),
        subnet: z
          .string()
          .refine((prefix) => isIPv4(`${prefix}.0.0`), "must be the first two numbers of a /16, such as 10.99")
          .default("10.99"),
      })
      .prefault({}),
    gateway: z
      .strictObject({
        openclaw: z
          .string()
          .regex(/^\d{4}\.\d{1,2}\.\d{1,3}(-[\w.]+)?$/, "must be an exact version such as 2026.9.6")
          .default("2026.9.6"),
        containerImage: z
          .string()
          .regex(/^[\w.-]+(\/[\w.-]+)+@sha256:[0-9a-f]{64}$/, "must name an image by digest: registry/name@sha256:…")
          .optional(),
        port: z.number().int().min(1024).max(65_535).default(18_789),
        token: secretRef.optional(),
      })
      .prefault({}),
    budgets: z.record(z.string(), z.record(z.string(), seconds)).default({}),
    concurrency: count.default(4),
  })
  .superRefine(({ discord, telegram, alerts }, context) => {
    const chats = { discord, telegram };
    for (const chat of CHATS) {
      if (alerts[chat] === undefined || chats[chat] !== undefined) continue;
      const message = `needs ${chat}.token: without it Creel is not in that chat`;
      context.addIssue({ code: "custom", path: ["alerts", chat], message });
    }
  });

export type Settings = z.output<typeof schema>;

/** `file` is for messages only. Exported for tests. */
export function parseSettings(text: string, file: string): Settings {
  const document = parseDocument(text, { prettyErrors: true });
  const broken = document.errors.map(({ message }) => message.split("\n")[0] ?? message);
  if (broken.length > 0) throw invalid(file, broken);
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(file, parsed.error.issues.map(describeIssue));
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return `${issue.keys.map((key) => (path ? `${path}.${key}` : key)).join(", ")}: there is no such setting`;
  }
  return `${path || "the file"}: ${inPlainWords(issue)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
  object: "a group of settings",
  record: "a group of settings",
  string: "text",
};

/** Where the schema has no words of its own. */
function inPlainWords(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.startsWith("must ") ? issue.message : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "too_small":
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    default:
      return issue.message;
  }
}

function invalid(file: string, problems: readonly string[]): OpsError {
  return new OpsError({
    code: "config-invalid",
    userMessage: `${file} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}: ${problems.join("; ")}.`,
    hint: "creel.example.yaml documents every setting.",
  });
}
