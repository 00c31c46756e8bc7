import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/settings.ts";
import { CHANNEL, DISCORD_TOKEN, GUILD, ID, piped, TELEGRAM_TOKEN, testFolder } from "./conversation.ts";

function settingsIn(file: string) {
  return parseSettings(readFileSync(file, "utf8"), file);
}

describe("a file that is there", () => {
  it("stays unless the person says otherwise", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, "concurrency: 2\n");
    expect(await piped(folder.file, [])).toMatchObject({ exitCode: 1 });
    expect(readFileSync(folder.file, "utf8")).toBe("concurrency: 2\n");
    expect(readdirSync(folder.path)).toEqual(["creel.yaml"]);
  });

  it("is kept beside the new one, each time", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, "concurrency: 2\n");
    const lines = ["y", "", "n", "n", "", "y"];
    const { shown } = await piped(folder.file, lines);
    expect(await piped(folder.file, lines)).toMatchObject({ exitCode: 0 });
    const [file, first, second] = readdirSync(folder.path).sort();
    expect([file, first, second]).toEqual([
      "creel.yaml",
      "creel.yaml.bak-20261121-093000",
      "creel.yaml.bak-20261121-093000-2",
    ]);
    expect(shown).toContain("creel.yaml.bak-20261121-093000");
    expect(readFileSync(join(folder.path, "creel.yaml.bak-20261121-093000"), "utf8")).toBe("concurrency: 2\n");
    expect(statSync(folder.file).mode & 0o777).toBe(0o600);
  });

  it("and came while the questions were asked is left alone", async () => {
    using folder = testFolder();
    const writing = piped(folder.file, ["", "n", "n", "", "y"], {
      now: () => {
        writeFileSync(folder.file, "concurrency: 3\n");
        return 0;
      },
    });
    await expect(writing).rejects.toMatchObject({ code: "already-exists" });
    expect(readFileSync(folder.file, "utf8")).toBe("concurrency: 3\n");
    expect(readdirSync(folder.path)).toEqual(["creel.yaml"]);
  });
});

describe("what the old file says", () => {
  const old = `
owners: { terminal: [ada, mo], discord: { users: ["${ID}"] }, telegram: [123456789] }
operators: { telegram: [5] }
discord: { token: "env:OLD_DISCORD", guilds: ["${GUILD}"], api: "https://discord.example.net/api" }
telegram:
  token: env:OLD_TELEGRAM
  apiRoot: http://127.0.0.1:8081/
  webhook: { url: "https://bot.example.net/telegram", secret: "env:HOOK" }
alerts: { discord: "${CHANNEL}", digest: "18:30", timeZone: UTC }
concurrency: 2
`;

  it("is suggested, and its servers are the ones that are asked", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, old);
    const asked: string[] = [];
    const { exitCode, shown } = await piped(folder.file, ["y"], {
      environment: { OLD_DISCORD: DISCORD_TOKEN, OLD_TELEGRAM: TELEGRAM_TOKEN },
      describeDiscord: async (_token, api) => {
        asked.push(api);
        return { applicationId: "198622483471925248", name: "Creel of Mo" };
      },
      describeTelegram: async (_token, apiRoot) => {
        asked.push(apiRoot);
        return { id: "110201543", username: "mos_creel_bot" };
      },
    });
    expect(exitCode, shown).toBe(0);
    expect(asked).toEqual(["https://discord.example.net/api", "http://127.0.0.1:8081"]);
    expect(shown).toContain("\nDiscord is asked at https://discord.example.net/api, as the old file says");
    expect(shown).toContain("\nTelegram is asked at http://127.0.0.1:8081, as the old file says");
    expect(shown).toContain("does not have these settings of it: operators, concurrency, telegram.webhook.");
    const { operators, concurrency, telegram, ...kept } = parseSettings(old, "old");
    const { webhook: _webhook, ...bot } = telegram ?? {};
    expect(settingsIn(folder.file)).toMatchObject({ ...kept, telegram: bot });
    expect(settingsIn(folder.file)).not.toMatchObject({ operators, concurrency });
  });

  it("about agents is taken over, with names and references as they are", async () => {
    using folder = testFolder();
    const agents = `
agents:
  defaults: # of every agent
    model: openai/gpt-5.5
    providers: { openai: { key: "vault:openai" }, lab: { baseUrl: "http://127.0.0.1:8000/v1", models: [qwen3] } }
    workspace: workspaces/plain
    openclaw: { skills: { entries: { weather: { apiKey: "vault:weather" } } } }
  named: { ada: { channels: { telegram: { token: "vault:ada-telegram" } }, fallbacks: null } }
`;
    writeFileSync(folder.file, `concurrency: 2\n${agents}`);
    const { exitCode, shown } = await piped(folder.file, ["y"]);
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file).agents).toEqual(parseSettings(agents, "old").agents);
    expect(shown).toContain("does not have these settings of it: concurrency.");
  });

  it("is left out where somebody answers with none or no", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, old);
    const lines = ["y", "mo", "", "", "", "none", "", "", "none", "n"];
    const { exitCode, shown } = await piped(folder.file, lines);
    expect(exitCode, shown).toBe(0);
    const { owners, discord, telegram, alerts } = settingsIn(folder.file);
    expect(owners).toEqual({ terminal: ["mo"], discord: { users: [ID], roles: [] }, telegram: [] });
    expect(discord).toEqual({ token: "env:OLD_DISCORD", guilds: [], api: "https://discord.example.net/api" });
    expect({ telegram, alerts }).toEqual({ alerts: parseSettings("", "x").alerts });
  });

  it("cannot leave out whom nobody could do without", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, old);
    const { exitCode, shown } = await piped(folder.file, ["y", "", "n", "", "", "none"]);
    expect({ exitCode, shown }).toEqual({ exitCode: 1, shown: expect.stringContaining("is needed") });
    expect(readFileSync(folder.file, "utf8")).toBe(old);
  });

  it("is not suggested when it cannot be read", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, `${old}nonsense: 1\n`);
    const { exitCode, shown } = await piped(folder.file, ["y", "", "n"]);
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain("cannot be read, so nothing of it is suggested");
    expect(settingsIn(folder.file).owners.terminal).toEqual(["mo"]);
  });

  it("names nobody else by being read differently", async () => {
    using folder = testFolder();
    writeFileSync(folder.file, 'owners: { terminal: ["ada, eve"] }\n');
    const { exitCode, shown } = await piped(folder.file, ["y"]);
    expect(exitCode, shown).toBe(0);
    expect(settingsIn(folder.file).owners.terminal).toEqual(["mo"]);
  });
});
