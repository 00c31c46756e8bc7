import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/settings.ts";
import {
  CHANNEL,
  cutOff,
  DISCORD_TOKEN,
  GUILD,
  ID,
  OTHER_ID,
  piped,
  TELEGRAM_TOKEN,
  testFolder,
  typed,
} from "./conversation.ts";

/** Made up, in the layout of real ones. */
const MODEL_KEY = "sk-proj-000000000000000000000000";

const both = [
  ...["", "y", "", "198622483471925248", GUILD, `${ID}, ${OTHER_ID}`, "", CHANNEL],
  ...["y", "MY_TELEGRAM", "123456789", "-1001234567890"],
  ...["18:30", "", "", "y"],
];

function settingsIn(file: string) {
  return parseSettings(readFileSync(file, "utf8"), file);
}

describe("with piped answers", () => {
  it("writes a file that says what was answered, for its owner's eyes only", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, both);
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file)).toMatchObject({
      owners: { terminal: ["mo"], discord: { users: [ID, OTHER_ID], roles: [] }, telegram: ["123456789"] },
      discord: { token: "env:CREEL_DISCORD_TOKEN", guilds: [GUILD] },
      telegram: { token: "env:MY_TELEGRAM" },
      alerts: { discord: CHANNEL, telegram: "-1001234567890", digest: "18:30", timeZone: "Europe/Berlin" },
    });
    expect(statSync(folder.file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(["creel.yaml"]);
    expect(shown).toContain("https://invite.example/198622483471925248");
    expect(shown).toContain("export CREEL_DISCORD_TOKEN=…\n  export MY_TELEGRAM=…");
    expect(shown).toContain("creel doctor");
    expect(shown).toContain("npm start");
  });

  it("takes the defaults where the input ends", async () => {
    using folder = testFolder();
    expect(await piped(folder.file, ["", "n"])).toMatchObject({ exitCode: 0 });
    expect(settingsIn(folder.file)).toEqual({
      ...parseSettings("", "x"),
      owners: { terminal: ["mo"], discord: { users: [], roles: [] }, telegram: [] },
    });
  });

  it("says what is missing where there is no default, and writes nothing", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, ["", "n", "y"]);
    expect(exitCode).toBe(1);
    expect(shown).toContain("before this was answered: User ids of owners");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    ["a wrong id", ["", "y", "", "", "12"], "15 to 20 digits"],
    ["a wrong answer to yes or no", ["", "perhaps"], "must be y or n"],
    ["a group as an owner", ["", "n", "y", "", "-100123"], "must be a person, not a group"],
    ["a wrong variable", ["", "y", "my-token"], "must be the name of a variable"],
    ["a name for an id", ["", "n", "y", "", "@mo"], "must be a num"],
    ["nobody in Discord", ["", "y", "", "", "", "", ""], "is needed"],
    ["everyone in the server", ["", "y", "", "", GUILD, "", GUILD], "stands for everyone"],
    ["a wrong time", ["", "n", "y", "", "123", "", "9 o'clock"], "must be a time of day"],
    ["a wrong time zone", ["", "n", "y", "", "123", "", "", "Mars/Olympus"], "must be a time zone"],
  ])("stops at %s, because the next line answers another question", async (_title, lines, complaint) => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, lines);
    expect({ exitCode, shown }).toEqual({ exitCode: 1, shown: expect.stringContaining(complaint) });
    expect(shown).toContain("Nothing was written.");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    ["Discord", ["", "y", DISCORD_TOKEN]],
    ["Telegram", ["", "n", "y", TELEGRAM_TOKEN]],
    ["Discord, where an id is asked for", ["", "y", "", "", "", DISCORD_TOKEN]],
    ["Discord, as a user", [DISCORD_TOKEN]],
  ])("takes no token of %s, and does not repeat it", async (_title, lines) => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, lines);
    expect(exitCode).toBe(1);
    expect(shown).toContain("looks like a token");
    for (const secret of [DISCORD_TOKEN, TELEGRAM_TOKEN]) expect(shown).not.toContain(secret.slice(0, 12));
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe("a model for agents", () => {
  const before = ["", "n", "n"];

  it.each([
    ["in the vault, under its provider's name", "", "vault:openai", "\n  scripts/creel secrets set openai\n"],
    ["in the vault, under another name", "vault:work", "vault:work", "\n  scripts/creel secrets set work\n"],
    ["in a variable", "env:MODEL_KEY", "env:MODEL_KEY", "\n  export MODEL_KEY=…\n"],
  ])("is written with its key %s, and what is to do is said", async (_where, answer, key, step) => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, [...before, "openai/gpt-5.5", answer, "y"]);
    expect(exitCode, shown).toBe(0);
    const defaults = { model: "openai/gpt-5.5", providers: { openai: { key } } };
    expect(settingsIn(folder.file).agents).toEqual({ defaults, named: {} });
    expect(shown).toContain(step);
    expect(shown).not.toContain("/model agent:ada");
  });

  it("needs no key", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, [...before, "lab/qwen3", "none", "y"]);
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file).agents).toEqual({ defaults: { model: "lab/qwen3" }, named: {} });
    expect(shown).not.toContain("secrets set");
    expect(shown).toContain("/model agent:ada");
  });

  it.each([
    ["a model without a provider", ["gpt-5.5"], "must be a provider and a model"],
    ["a provider that cannot be called so", ["OpenAI/gpt-5.5"], "it must be a provider's name, such as openai."],
    ["a key that is nowhere", ["my-lab/qwen3", "my-lab"], "it must refer to a secret: op://"],
    ["a key itself", ["openai/gpt-5.5", MODEL_KEY], "looks like a token"],
  ])("stops at %s", async (_what, lines, complaint) => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, [...before, ...lines]);
    expect({ exitCode, shown }).toEqual({ exitCode: 1, shown: expect.stringContaining(complaint) });
    expect(shown).not.toContain(MODEL_KEY);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([
    [
      "changed, with its key",
      ["anthropic/claude-sonnet-5", ""],
      { key: "vault:anthropic" },
      "anthropic/claude-sonnet-5",
    ],
    ["left out with none", ["none"], undefined, null],
  ])("that the old file names is %s; all else stays", async (_how, lines, anthropic, model) => {
    using folder = testFolder();
    const openai = { key: "vault:openai", models: ["gpt-5.5-mini"] };
    const named = { ada: { fallbacks: null } };
    const old = { defaults: { model: "openai/gpt-5.5", providers: { openai }, timeZone: "UTC" }, named };
    writeFileSync(folder.file, JSON.stringify({ agents: old }));
    const { exitCode, shown } = await piped(folder.file, ["y", ...before, ...lines, "y"]);
    expect(exitCode, shown).toBe(0);
    const providers = anthropic === undefined ? { openai } : { openai, anthropic };
    expect(settingsIn(folder.file).agents).toEqual({ defaults: { model, providers, timeZone: "UTC" }, named });
  });
});

describe("tokens that are set", () => {
  const environment = {
    CREEL_DISCORD_TOKEN: DISCORD_TOKEN,
    CREEL_TELEGRAM_TOKEN: TELEGRAM_TOKEN,
    OLD: "revoked-token",
  };

  it("are tried, and name the bots", async () => {
    using folder = testFolder();
    const lines = ["", "y", "", GUILD, ID, "", "", "y", "", "123456789", "none", ""];
    const { exitCode, shown } = await piped(folder.file, lines, { environment });
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain('the bot is "Creel of Mo"');
    expect(shown).toContain("https://invite.example/198622483471925248");
    expect(shown).toContain("https://t.me/mos_creel_bot");
    expect(shown).not.toContain("export ");
    expect(shown + readFileSync(folder.file, "utf8")).not.toContain(DISCORD_TOKEN);
    expect(settingsIn(folder.file).alerts).not.toHaveProperty("telegram");
  });

  it("and do not work may be tried again with another", async () => {
    using folder = testFolder();
    const lines = ["", "y", "OLD", "y", "CREEL_DISCORD_TOKEN", GUILD, ID, "", "", "n", "", "y"];
    const { exitCode, shown } = await piped(folder.file, lines, { environment });
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain("It does not work: Discord refuses [redacted]. Reset it.");
    expect(settingsIn(folder.file).discord?.token).toBe("env:CREEL_DISCORD_TOKEN");
  });

  it("and do not work may be left for later", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await piped(folder.file, ["", "y", "OLD", "n", "", GUILD, ID], { environment });
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file).discord?.token).toBe("env:OLD");
  });
});

describe("with a person at the terminal", () => {
  it("asks again after a wrong answer", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await typed(folder.file, [
      ["Owners in the terminal", "\r"],
      ["in Discord, too?", "n\r"],
      ["in Telegram, too?", "y\r"],
      ["Variable [", "my token\r"],
      ["capital letters", "\r"],
      ["User ids of owners", "me\r"],
      ["must be a num", "123456789\r"],
      ["Chat id", "\r"],
      ["daily digest", "\r"],
      ["Time zone", "UTC\r"],
      ["Model [", "\r"],
      ["Write it?", "\r"],
    ]);
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file)).toMatchObject({
      owners: { telegram: ["123456789"] },
      alerts: { telegram: "123456789", digest: "09:00", timeZone: "UTC" },
    });
  });

  it.each([
    ["is broken between words on a narrow terminal", 40, "This writes creel.yaml, question by\nquestion."],
    ["stays in one line where the width is not known", 0, "This writes creel.yaml, question by question. Enter"],
  ])("text %s", async (_what, columns, expected) => {
    using folder = testFolder();
    const leave = [["Owners in the terminal", "\u0003"]] as const;
    const { shown } = await typed(folder.file, leave, {}, columns);
    expect(shown).toContain(expected);
  });

  it.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", null],
  ])("%s leaves everything untouched", async (_key, answer) => {
    using folder = testFolder();
    const { exitCode, shown } = await typed(folder.file, [
      ["Owners in the terminal", "\r"],
      ["in Discord, too?", answer],
    ]);
    expect(exitCode).toBe(130);
    expect(shown).toContain("Nothing was written.");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("a terminal that cannot be read any more leaves everything untouched, and that is said", async () => {
    using folder = testFolder();
    const { exitCode, shown } = await cutOff(folder.file);
    expect(exitCode).toBe(1);
    expect(shown).toContain("What you type cannot be read any more (EIO).\nNothing was written.");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("Ctrl-C leaves while a token is tried, too", async () => {
    using folder = testFolder();
    const stop = new AbortController();
    const { exitCode } = await typed(
      folder.file,
      [
        ["Owners in the terminal", "\r"],
        ["in Discord, too?", "y\r"],
        ["Variable", "\r"],
      ],
      {
        environment: { CREEL_DISCORD_TOKEN: DISCORD_TOKEN },
        describeDiscord: () => {
          stop.abort();
          return new Promise(() => undefined);
        },
        signal: stop.signal,
      },
    );
    expect(exitCode).toBe(130);
  });

  it("a no to the last question writes nothing", async () => {
    using folder = testFolder();
    const { exitCode } = await typed(folder.file, [
      ["Owners in the terminal", "\r"],
      ["in Discord, too?", "n\r"],
      ["in Telegram, too?", "n\r"],
      ["Model [", "\r"],
      ["Write it?", "n\r"],
    ]);
    expect(exitCode).toBe(1);
    expect(existsSync(folder.file)).toBe(false);
  });
});

it("says where it cannot write", async () => {
  using folder = testFolder();
  const file = join(folder.path, "creel.yaml", "creel.yaml");
  writeFileSync(folder.file, "");
  await expect(piped(file, ["", "n", "n", "", "y"])).rejects.toMatchObject({ code: "config-invalid" });
});
