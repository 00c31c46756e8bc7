import { BlockList, isIPv4 } from "node:net";
import { z } from "zod";
import { secretRef, serverAddress, settingsLayer, timeZone } from "./agent-settings/schema.ts";
import { CHATS } from "./core/chat.ts";
import { OpsError } from "./core/errors.ts";
import { isAgentName } from "./core/names.ts";
import { OPENCLAW_VERSION } from "./core/openclaw.ts";
import { whyNoTelegramPerson } from "./core/people-ids.ts";
import { operations } from "./operations/index.ts";
import type { ReadSettings, SettingsPart } from "./operations/kind.ts";
import { describeIssues } from "./settings-words.ts";
import { readYaml } from "./yaml.ts";

/** Where the services themselves are. */
export const DISCORD_API = "https://discord.com/api";
export const TELEGRAM_API = "https://api.telegram.org";

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
  telegram: z
    .array(
      telegramId.refine((id) => whyNoTelegramPerson(id) === null, {
        error: ({ input }) => whyNoTelegramPerson(String(input)) ?? undefined,
      }),
    )
    .default([]),
});
const seconds = z.number().positive().max(86_400);

function isListenAddress(text: string): boolean {
  const port = Number(/^(?:\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}

/** Where nobody else's addresses are. Everything beyond belongs to somebody, or is not for hosts at all. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  PRIVATE.addSubnet(net, bits);
}

const PROBE_SHAPE = "must be a name and a port, such as deb.debian.org:443, or false";

function isProbe(text: string): boolean {
  const [, host = "", port] = /^([a-z\d](?:[a-z\d.-]*[a-z\d])?):(\d{1,5})$/i.exec(text) ?? [];
  return host.length <= 253 && Number(port) >= 1 && Number(port) <= 65_535;
}

function probeOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function isEmpty(list: readonly string[]): boolean {
  return list.length === 0;
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
        apiRoot: serverAddress.transform((url) => url.replace(/(?<!\/)\/+$/, "")).default(TELEGRAM_API),
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
        timeZone: timeZone.default("UTC"),
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
    onePassword: z
      .strictObject({
        token: secretRef.refine((ref) => !ref.startsWith("op:"), "opens 1Password, so it cannot be there itself"),
      })
      .optional(),
    local: z
      .strictObject({
        driver: z.enum(["auto", "nspawn", "qemu"]).default("auto"),
        internet: z.boolean().default(true),
        imageMaxAgeDays: count.default(30),
        subnet: z
          .string()
          .refine((prefix) => isIPv4(`${prefix}.0.0`), "must be the first two numbers of a /16, such as 10.99")
          .refine(
            (prefix) => !isIPv4(`${prefix}.0.0`) || PRIVATE.check(`${prefix}.0.0`),
            "must be in a private range: 10.0 to 10.255, 172.16 to 172.31, 192.168, or 100.64 to 100.127",
          )
          .default("10.99"),
      })
      .prefault({}),
    gateway: z
      .strictObject({
        openclaw: z
          .string()
          .regex(/^\d{4}\.\d{1,2}\.\d{1,3}(-[\w.]+)?$/, "must be an exact version such as 2026.9.6")
          .default(OPENCLAW_VERSION),
        containerImage: z
          .string()
          .regex(/^[\w.-]+(\/[\w.-]+)+@sha256:[0-9a-f]{64}$/, "must name an image by digest: registry/name@sha256:…")
          .optional(),
        port: z.number().int().min(1024).max(65_535).default(18_789),
        probe: z
          .union(
            [z.string().refine(isProbe, PROBE_SHAPE).transform(probeOf), z.literal(false).transform(() => null)],
            PROBE_SHAPE,
          )
          .prefault("deb.debian.org:443"),
        token: secretRef.optional(),
      })
      .prefault({}),
    agents: z
      .strictObject({
        defaults: settingsLayer.prefault({}),
        named: z.record(z.string().refine(isAgentName, "must be an agent's name"), settingsLayer).default({}),
      })
      .prefault({}),
    budgets: z.record(z.string(), z.record(z.string(), seconds)).default({}),
    concurrency: count.default(4),
  })
  .superRefine(({ owners, discord, telegram, alerts }, context) => {
    if (
      [owners.terminal ?? ["who runs Creel"], owners.discord.users, owners.discord.roles, owners.telegram].every(
        isEmpty,
      )
    ) {
      const message = "names nobody who could give a command; without owners.terminal it is whoever runs Creel";
      context.addIssue({ code: "custom", path: ["owners"], message });
    }
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
  const yaml = readYaml(text);
  if ("problems" in yaml) throw invalid(file, yaml.problems);
  const { known, parts } = split(yaml.value);
  const parsed = schema.safeParse(known, { reportInput: true });
  const issues = [...(parsed.error?.issues ?? []), ...parts.flatMap(issuesOf)];
  if (parsed.data !== undefined && issues.length === 0) {
    // As they were written: each feature reads its own.
    return Object.assign(parsed.data, Object.fromEntries(parts.map(({ part, given }) => [part.name, given])));
  }
  throw invalid(file, describeIssues(issues));
}

interface GivenPart {
  readonly part: SettingsPart<unknown>;
  readonly given: unknown;
}

/** What features read themselves, and the rest. */
function split(value: unknown): { readonly known: unknown; readonly parts: readonly GivenPart[] } {
  const parts = operations.flatMap(({ settings }) => (settings === undefined ? [] : [settings]));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { known: value, parts: parts.map((part) => ({ part, given: undefined })) };
  }
  const given = new Map(Object.entries(value));
  const taken = parts.map((part) => ({ part, given: given.get(part.name) }));
  for (const { name } of parts) given.delete(name);
  return { known: Object.fromEntries(given), parts: taken };
}

function issuesOf({ part, given }: GivenPart): readonly z.core.$ZodIssue[] {
  const issues = part.schema.safeParse(given, { reportInput: true }).error?.issues ?? [];
  return issues.map((issue) => ({ ...issue, path: [part.name, ...issue.path] }));
}

/** Reads what features have in settings that `parseSettings` has accepted. */
export function readerOf(settings: Settings): ReadSettings {
  const given = new Map<string, unknown>(Object.entries(settings));
  return (part) => part.schema.parse(given.get(part.name));
}

function invalid(file: string, problems: readonly string[]): OpsError {
  return new OpsError({
    code: "config-invalid",
    userMessage: `${file} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}: ${problems.join("; ")}.`,
    hint: "creel.example.yaml documents every setting.",
  });
}
