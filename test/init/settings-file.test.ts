import { existsSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { looksLikeCredential } from "../../src/core/credential-shapes.ts";
import { vaultRef } from "../../src/core/secrets.ts";
import { visible } from "../../src/core/typed.ts";
import { type InitAnswers, providerOf } from "../../src/init/answers.ts";
import { settingsFile } from "../../src/init/settings-file.ts";
import { DISCORD_API, parseSettings, TELEGRAM_API } from "../../src/settings.ts";
import { CHANNEL, DISCORD_TOKEN, GUILD, ID, OTHER_ID, piped, TELEGRAM_TOKEN, testFolder } from "./conversation.ts";

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[1-9]\\d{${min - 1},${max - 1}}$`));
const snowflake = digits(15, 20);
const variable = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,40}$/);
/** What cannot be seen is no part of a name. */
const user = fc
  .oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.constantFrom("mo", "null", "~", "0x1f", "#a", "*a", "ünï", "\u2060mo"),
  )
  .map((name) => visible(name).trim())
  .filter((name) => name !== "");
const agents: fc.Arbitrary<InitAnswers["agents"]> = fc.record({
  defaults: fc.record(
    {
      model: fc.constantFrom("openai/gpt-5.5", "lab/qwen3", null),
      fallbacks: fc.option(fc.constant(["openai/gpt-5.5"])),
      providers: fc.constant({ lab: { baseUrl: "https://llm.example.net/v1", models: ["1e3", "no"] }, openai: null }),
      openclaw: fc.dictionary(fc.constantFrom("tools", "on", "1", "a b"), fc.oneof(user, fc.boolean(), fc.integer())),
    },
    { requiredKeys: ["openclaw"] },
  ),
  named: fc.dictionary(fc.constantFrom("ada", "null", "x1"), fc.record({ controlUi: fc.boolean() })),
});
const answers: fc.Arbitrary<InitAnswers> = fc
  .record({
    terminal: fc.array(user, { minLength: 1, maxLength: 3 }),
    discord: fc.option(
      fc.record({
        variable,
        api: fc.option(fc.constant("https://discord.example.net/api")),
        guilds: fc.array(snowflake, { maxLength: 2 }),
        users: fc.array(snowflake, { maxLength: 3 }),
        roles: fc.array(snowflake, { minLength: 1, maxLength: 3 }),
        alerts: fc.option(snowflake),
      }),
    ),
    telegram: fc.option(
      fc.record({
        variable,
        apiRoot: fc.option(fc.constant("http://127.0.0.1:8081")),
        users: fc.array(digits(1, 16), { minLength: 1, maxLength: 3 }),
        alerts: fc.option(fc.tuple(fc.constantFrom("", "-"), digits(1, 16)).map((parts) => parts.join(""))),
      }),
    ),
    at: fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":")),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "+02:00"),
    agents: fc.option(agents),
  })
  .map(({ at, timeZone, ...rest }) => {
    const told = (rest.discord?.alerts ?? rest.telegram?.alerts ?? null) !== null;
    return { ...rest, digest: told ? { at, timeZone } : null };
  });

/** Nothing but the answers, and the defaults for everything else. */
function expectExactly(text: string, { terminal, discord, telegram, digest, agents: given }: InitAnswers): void {
  const { owners, discord: bot, telegram: otherBot, alerts, agents: set, ...rest } = parseSettings(text, "creel.yaml");
  expect(owners).toEqual({
    terminal,
    discord: { users: discord?.users ?? [], roles: discord?.roles ?? [] },
    telegram: telegram?.users ?? [],
  });
  const { variable, api, guilds } = discord ?? {};
  expect(bot).toEqual(discord === null ? undefined : { token: `env:${variable}`, guilds, api: api ?? DISCORD_API });
  expect(otherBot).toEqual(
    telegram === null ? undefined : { token: `env:${telegram.variable}`, apiRoot: telegram.apiRoot ?? TELEGRAM_API },
  );
  expect(alerts).toEqual({
    ...(discord?.alerts == null ? {} : { discord: discord.alerts }),
    ...(telegram?.alerts == null ? {} : { telegram: telegram.alerts }),
    digest: digest?.at ?? "09:00",
    timeZone: digest?.timeZone ?? "UTC",
  });
  const { owners: _nobody, alerts: _nowhere, agents: none, ...defaults } = parseSettings("", "creel.yaml");
  expect(set).toEqual(given ?? none);
  expect(rest).toEqual(defaults);
}

it("parses to exactly the answers, whatever they are", () => {
  fc.assert(fc.property(answers, (given) => expectExactly(settingsFile(given), given)));
});

/** As somebody types them in, with no token set. */
function linesFor({ terminal, discord, telegram, digest, agents }: InitAnswers): string[] {
  const lines = [terminal.join(", "), discord === null ? "n" : "y"];
  if (discord !== null) {
    const { variable, guilds, users, roles, alerts } = discord;
    lines.push(variable, "", guilds.join(" "), users.join(","), roles.join(";"), alerts ?? "none");
  }
  lines.push(telegram === null ? "no" : "YES");
  if (telegram !== null) lines.push(telegram.variable, telegram.users.join(", "), telegram.alerts ?? "none");
  if (digest !== null) lines.push(digest.at, digest.timeZone);
  const model = agents?.defaults.model ?? null;
  return [...lines, ...(model === null ? [""] : [model, ""]), "y"];
}

it("is written with exactly what was answered, or refused in words", async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (given) => {
      using folder = testFolder();
      const { exitCode, shown } = await piped(folder.file, linesFor(given));
      if (exitCode !== 0) {
        expect(shown).toMatch(/That does not fit|looks like a token/);
        expect(existsSync(folder.file)).toBe(false);
        return;
      }
      const terminal = given.terminal.flatMap((name) => name.split(/[\s,;]+/)).filter((name) => name !== "");
      expectExactly(readFileSync(folder.file, "utf8"), {
        ...given,
        ...unrepeated(given),
        terminal: [...new Set(terminal)],
        agents: onlyModel(given.agents?.defaults.model ?? null),
      });
    }),
  );
});

function onlyModel(model: string | null): InitAnswers["agents"] {
  if (model === null) return null;
  const provider = providerOf(model);
  return { defaults: { model, providers: { [provider]: { key: vaultRef(provider) } } }, named: {} };
}

/** Who names somebody twice means them once. */
function unrepeated({ discord, telegram }: InitAnswers): Pick<InitAnswers, "discord" | "telegram"> {
  const once = (ids: readonly string[]) => [...new Set(ids)];
  return {
    discord: discord && {
      ...discord,
      api: null,
      guilds: once(discord.guilds),
      users: once(discord.users),
      roles: once(discord.roles),
    },
    telegram: telegram && { ...telegram, apiRoot: null, users: once(telegram.users) },
  };
}

it("stays as it is when it is replaced with everything that is suggested", async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (given) => {
      using folder = testFolder();
      writeFileSync(folder.file, settingsFile(given));
      const { exitCode, shown } = await piped(folder.file, ["y", ...Array(20).fill("")]);
      expect(exitCode, shown).toBe(0);
      const { discord, telegram } = unrepeated(given);
      const simple = given.terminal.every((name) => /^[^\s,;\p{C}]+$/u.test(name));
      expectExactly(readFileSync(folder.file, "utf8"), {
        digest: given.digest,
        agents: given.agents,
        terminal: simple ? [...new Set(given.terminal)] : ["mo"],
        discord: discord && { ...discord, api: given.discord?.api ?? null },
        telegram: telegram && { ...telegram, apiRoot: given.telegram?.apiRoot ?? null },
      });
    }),
  );
});

it("comments every setting", () => {
  const given = {
    terminal: ["mo"],
    discord: {
      variable: "A",
      api: "https://discord.example.net/api",
      guilds: [GUILD],
      users: [ID],
      roles: [OTHER_ID],
      alerts: CHANNEL,
    },
    telegram: { variable: "B", apiRoot: "http://127.0.0.1:8081", users: ["1"], alerts: "-2" },
    digest: { at: "09:00", timeZone: "UTC" },
    agents: null,
  };
  const lines = settingsFile(given).split("\n");
  const bare = lines.filter((line, index) => {
    const isSetting = /^\s*\w+:/.test(line);
    return isSetting && !/ # \w/.test(line) && !lines[index - 1]?.startsWith("#");
  });
  // Only a heading, whose two settings are commented.
  expect(bare).toEqual(["  discord:"]);
});

it("has examples of what was left out that are valid themselves", () => {
  const text = settingsFile({ terminal: ["mo"], discord: null, telegram: null, digest: null, agents: null });
  const uncommented = text.replace(/^# (?=\s*\w+:(?: |$))/gm, "");
  expect(parseSettings(uncommented, "creel.yaml")).toMatchObject({
    owners: { terminal: ["mo"] },
    operators: { discord: { roles: [GUILD] } },
    discord: { token: "env:CREEL_DISCORD_TOKEN" },
    telegram: { token: "env:CREEL_TELEGRAM_TOKEN" },
    alerts: { discord: CHANNEL },
    agents: { defaults: { model: "openai/gpt-5.5", providers: { openai: { key: "vault:openai" } } } },
  });
});

it("is written, or refused in words, whatever is piped in", async () => {
  const nasty = fc.constantFrom(
    "",
    "y",
    "n",
    "none",
    ID,
    "123",
    "-100",
    "09:00",
    "UTC",
    "A_B",
    "x: {",
    "'",
    '"#',
    "&a *a",
  );
  const line = fc.oneof({ weight: 4, arbitrary: nasty }, fc.string({ unit: "binary", maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 16 }), async (lines) => {
      using folder = testFolder();
      const { exitCode, shown } = await piped(folder.file, lines);
      expect(existsSync(folder.file)).toBe(exitCode === 0);
      if (exitCode === 0)
        expect(parseSettings(readFileSync(folder.file, "utf8"), "creel.yaml").owners.terminal).toBeDefined();
      else expect(shown).toContain("Nothing was written.");
    }),
  );
});

it.each([
  DISCORD_TOKEN,
  TELEGRAM_TOKEN,
  `x ${TELEGRAM_TOKEN}`,
  `token=${DISCORD_TOKEN}`,
  "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
])("knows a token by its looks: %s", (text) => {
  expect(looksLikeCredential(text)).toBe(true);
});

it.each([
  "mo",
  "CREEL_DISCORD_TOKEN",
  `${ID}, ${OTHER_ID}, ${GUILD}`,
  "-1001234567890",
  "America/Argentina/ComodRivadavia",
])("takes no other answer for one: %s", (text) => {
  expect(looksLikeCredential(text)).toBe(false);
});
