import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import type { Message } from "../fixtures/discord/types.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { type ChatMessage, startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { forwardTo } from "./in-reach.ts";
import { bootOf, freeSubnet, reachAgain } from "./local-hosts.ts";
import { filesWith, watchProcesses } from "./traces.ts";

const mia = { id: "100000000000000001", name: "Mia" };
const PATIENCE_MS = 120_000;
const TOM = 7001;
const ZOE = 7002;
const ADA_BOT = { id: 7_000_000_002, username: "ada_bot" };
const WRONG_KEY = "canary-of-a-key-that-is-wrong";
const GATEWAY_TOKEN = "canary-of-the-gateways-token";
const DECOY = "canary-that-shows-itself";
const SKILL_KEY = "canary-of-a-key-in-the-vault";

/** An agent that somebody can talk to, made by messages to Creel, but for letting a person in: Telegram first, then Discord. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())("an agent in chats, on a real host", () => {
  /** Where people write to Creel. */
  let discord: DiscordServer;
  let telegram: TelegramServer;
  /** Where people write to the agent. */
  let agents: TelegramServer;
  let models: ModelServer;
  let forward: AsyncDisposable & { readonly port: number };
  let creel: Installation;
  let running: RunningCreel;
  let watch: ReturnType<typeof watchProcesses>;

  /** The first two bytes of its network, at whose gateway the host finds this machine. */
  let subnet: string;

  beforeAll(async () => {
    subnet = await freeSubnet();
    discord = await startDiscordServer({ identifyIntervalMs: 0 });
    telegram = await startTelegramServer({ patienceMs: PATIENCE_MS });
    agents = await startTelegramServer({ patienceMs: PATIENCE_MS, bot: ADA_BOT });
    for (const server of [telegram, agents]) {
      server.addPerson({ id: TOM, name: "Tom" });
      server.addPerson({ id: ZOE, name: "Zoe" });
    }
    models = await startModelServer({ address: "0.0.0.0", key: "canary-of-the-models-key" });
    forward = await forwardTo("0.0.0.0", Number(new URL(agents.apiRoot).port));
    creel = installCreel();
    say({});
    watch = watchProcesses([...canaries(), DECOY], () => []);
    await keep("discord", discord.token);
    await keep("telegram", telegram.token);
    await keep("gateway", GATEWAY_TOKEN);
    await keep("weather", SKILL_KEY);
    running = creel.serve("start");
    await running.printed(/creel: ready/);
    await discord.when(() => discord.connected === 1 && discord.commands().length > 0);
  });
  afterAll(async () => {
    watch?.stop();
    await running?.end();
    await creel?.[Symbol.asyncDispose]();
    await forward?.[Symbol.asyncDispose]();
    await models?.[Symbol.asyncDispose]();
    await agents?.[Symbol.asyncDispose]();
    await telegram?.[Symbol.asyncDispose]();
    await discord?.[Symbol.asyncDispose]();
  });

  /** creel.yaml, also while Creel runs. */
  function say(more: object) {
    const { port, pathname } = new URL(models.openaiUrl);
    const lab = { baseUrl: `http://${subnet}.0.1:${port}${pathname}`, api: "openai-completions" };
    const settings = {
      owners: { discord: { users: [mia.id] }, telegram: [TOM, ZOE] },
      discord: { token: "vault:discord", guilds: [discord.guildId], api: discord.api },
      telegram: { token: "vault:telegram", apiRoot: telegram.apiRoot },
      local: { internet: false, subnet },
      gateway: { token: "vault:gateway" },
      agents: {
        defaults: {
          providers: { lab, lab2: lab },
          channels: { telegram: { apiRoot: `http://${subnet}.0.1:${forward.port}` } },
          ...more,
          openclaw: { skills: { entries: { weather: { apiKey: "vault:weather" } } } },
        },
      },
    };
    writeFileSync(join(creel.stateDir, "creel.yaml"), JSON.stringify(settings), { mode: 0o600 });
  }

  /** One of every kind of secret there is. */
  const canaries = () => [
    ...[discord.token, telegram.token, GATEWAY_TOKEN],
    ...[models.key, agents.token, WRONG_KEY, SKILL_KEY],
  ];

  async function keep(name: string, value: string): Promise<void> {
    const set = creel.start("secrets", "set", name);
    set.type(value);
    await set.end();
  }
  /** What is said to Tom, or to somebody else, after `act` and because of it. */
  async function told(act: Promise<unknown>, pattern: RegExp, whom = TOM): Promise<ChatMessage> {
    const before = Math.max(0, ...telegram.messages(whom).map(({ id }) => id));
    await act;
    return await telegram.waitFor(
      () => telegram.messages(whom).find(({ id, byBot, text }) => byBot && id > before && pattern.test(text)),
      `${pattern}, said to ${whom}`,
    );
  }
  const allInDiscord = () => {
    const main = discord.messages();
    return main.flatMap((message) => [message, ...(message.threadId ? discord.messages(message.threadId) : [])]);
  };
  const outcomeInDiscord = (pattern: RegExp): Promise<Message> => {
    const isIt = (message: Message) => message.pings.length > 0 && pattern.test(textOf(message));
    return inTime(
      discord.when(() => allInDiscord().find(isIt)),
      pattern,
    );
  };
  /** The server for Discord waits for ever. */
  const inTime = <T>(work: Promise<T>, what: RegExp | string): Promise<T> => {
    const late = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${what} did not happen in Discord:\n${allInDiscord().map(textOf).join("\n")}`);
    });
    return Promise.race([work, late]);
  };
  /** Types a command in Discord, and the secret that it asks for into the dialog that its button opens. */
  async function enterInDiscord(command: string, options: Record<string, string>, title: string, secret: string) {
    const question = await inTime(discord.run(mia, command, options).answered, title);
    expect(question).toMatchObject({ visibleTo: mia.id, content: expect.stringContaining(title) });
    const opened = discord.press(mia, question, "Enter it");
    await opened.acknowledged;
    expect(opened.dialog()).toMatchObject({ title });
    await inTime(discord.fillIn(opened, secret).answered, `an answer to ${title}`);
  }
  /** What Tom says to the agent's bot comes to the model, and what that answers comes to Tom. */
  async function expectAnswer(text: string) {
    models.answer(() => text);
    await agents.say(TOM, "How are you?");
    await agents.waitFor(() => agents.messages(TOM).some((one) => one.byBot && one.text.includes(text)), text);
  }
  async function hostOf() {
    const [host] = await createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list();
    return host ?? expect.fail("There is no host.");
  }
  const shells = () => createSshShells({ keyFile: join(creel.stateDir, "ssh", "id_ed25519") });

  it("in Telegram /deploy ends with what is missing, as buttons that lead on", async () => {
    const outcome = await told(telegram.say(TOM, "/deploy ada"), /Deployed ada in/);
    expect(outcome.text).toContain("its bot's token is missing");
    expect(labelsOf(outcome)).toEqual(expect.arrayContaining(["Model ada", "Connect ada"]));
    await told(telegram.press(TOM, outcome, "Model ada"), /\/model agent:ada model:openai\/gpt-5\.5/);
  });

  it("/model asks who gave it for the key, takes it from nobody else, and shows the first answer", async () => {
    await told(telegram.say(TOM, "/model ada lab/test-model"), /The key for lab is needed/);
    // Another owner, who was not asked.
    await told(telegram.say(ZOE, models.key), /Hello, I am Creel/, ZOE);
    const wrong = telegram.say(TOM, WRONG_KEY);
    await told(wrong, /lab does not take this key/);
    expect((await wrong).deleted).toBe(true);
    expect(models.asked.filter(({ prompt }) => prompt !== null)).toEqual([]);
    models.answer(() => "Good morning from Ada.");
    const key = telegram.say(TOM, ` ${models.key}\n`);
    const outcome = await told(key, /ada answers with lab\/test-model/);
    expect(outcome.text).toContain("Good morning from Ada.");
    expect((await key).deleted).toBe(true);
    expect(labelsOf(outcome)).toContain("Connect ada");
  });

  it("/connect asks for the token, and then people are answered by the agent's bot", async () => {
    const outcome = telegram.messages(TOM).findLast(({ text }) => /ada answers with/.test(text));
    if (outcome === undefined) throw new Error("There is no outcome.");
    await told(telegram.press(TOM, outcome, "Connect ada"), /The token of ada's bot is needed/);
    const own = telegram.say(TOM, telegram.token);
    await told(own, /the token of Creel's own bot/);
    const token = telegram.say(TOM, agents.token);
    await told(token, /@ada_bot is listening\. Write to it\./);
    expect([(await own).deleted, (await token).deleted]).toEqual([true, true]);

    await agents.say(TOM, "Hello");
    const code = /\b[A-Z0-9]{8}\b/.exec((await agents.nextMessage(TOM)).text)?.[0] ?? "";
    const approve = ["podman", "exec", "openclaw-gateway", "openclaw", "pairing", "approve", "telegram", code] as const;
    const shell = creel.start("ssh", "ada", ...approve);
    await shell.exited();
    expect(shell.output()).toContain(`Approved telegram sender ${TOM}`);
    await expectAnswer("Nice to meet you, Tom.");
  });

  it("in Discord the same agent gets another model and its bot anew, with secrets typed into dialogs", async () => {
    await discord.run(mia, "disconnect", { agent: "ada", channel: "telegram" }).acknowledged;
    await outcomeInDiscord(/Disconnected ada in/);
    models.answer(() => "Good morning from another model.");
    await enterInDiscord("model", { agent: "ada", model: "lab2/test-model" }, "The key for lab2", models.key);
    const { embeds } = await outcomeInDiscord(/ada answers with lab2/);
    expect(JSON.stringify(embeds)).toContain("Good morning from another model.");
    const connect = { agent: "ada", channel: "telegram" };
    await enterInDiscord("connect", connect, "The token of ada's bot", agents.token);
    await outcomeInDiscord(/@ada_bot`\*\* is listening/);
    await expectAnswer("Good to hear from you again.");
    expect(running.output()).not.toMatch(/canary/);
  });

  it("/configure gives it what has changed in creel.yaml, when it is confirmed", async () => {
    say({ timeZone: "Europe/Berlin" });
    const question = await told(telegram.say(TOM, "/configure ada"), /timeZone/);
    await told(telegram.press(TOM, question, "Configure ada"), /Configured ada in/);
  });

  it("/ask is answered in a chat", async () => {
    models.answer((prompt) => (prompt.includes("six times seven") ? "42, of course." : "What?"));
    const answer = await told(telegram.say(TOM, "/ask ada What is six times seven?"), /ada answers/);
    expect(answer.text).toContain("42, of course.");
  });

  it("still answers after its host was rebooted, and /status says so", async () => {
    const host = await hostOf();
    await using shell = await shells().connect(host);
    const before = await bootOf(shell);
    await shell.check(["sh", "-c", "(sleep 0.2; systemctl reboot) >/dev/null 2>&1 &"]);
    await (await reachAgain(shells(), host, before)).close();
    await expectAnswer("Still here.");
    const status = await told(telegram.say(TOM, "/status ada"), /ada is/);
    expect(status.text).toMatch(/ada is ready\./);
    expect(status.text).toMatch(/@ada_bot, connected/);
  });

  it("what was typed, and what was kept, is on the host in memory only", async () => {
    const disk = join(creel.stateDir, "hosts");
    await using shell = await shells().connect(await hostOf());
    const held = await shell.check(["cat", "/run/creel-secrets/gateway.json"]);
    for (const secret of [models.key, agents.token, GATEWAY_TOKEN, SKILL_KEY]) expect(held).toContain(secret);
    expect((await shell.check(["stat", "-f", "-c", "%T", "/run/creel-secrets"])).trim()).toBe("tmpfs");
    expect(filesWith(disk, canaries().join("\n"))).toEqual([]);
    // The search finds what is there.
    expect(filesWith(disk, "lab2/test-model").length).toBeGreaterThan(0);
  });

  it("/destroy takes the agent away, and no secret has been seen anywhere all the time", async () => {
    const question = await told(telegram.say(TOM, "/destroy ada"), /cannot be undone/);
    await told(telegram.press(TOM, question, "Destroy ada"), /Removed ada in/);
    // What is looked for would be found.
    await once(spawn("sleep", ["1"], { env: { DECOY }, stdio: "ignore" }), "exit");
    expect(watch.stop().seen).toEqual(["environment of sleep"]);

    const all = canaries().join("\n");
    // Redis with its append-only file, the log, the vault, and what is left of the host.
    expect(filesWith(creel.stateDir, all)).toEqual([]);
    const identity = readFileSync(join(creel.stateDir, "vault.key"), "utf8").trim().split("\n").at(-1) ?? "";
    expect(filesWith(creel.stateDir, identity)).toEqual([join(creel.stateDir, "vault.key")]);
    expect(filesWith(join(creel.stateDir, "redis"), "lab2/test-model").length).toBeGreaterThan(0);
    expect(filesWith(IMAGES_DIR, all, { everywhere: true })).toEqual([]);
    const written = [
      ...[creel.transcript(), JSON.stringify(telegram.calls), JSON.stringify(agents.calls)],
      ...[JSON.stringify(discord.calls), JSON.stringify(allInDiscord()), JSON.stringify(telegram.messages(TOM))],
    ];
    expect(written.join()).toContain("/test-model");
    for (const secret of canaries()) {
      expect(written.filter((text) => text.includes(secret))).toEqual([]);
    }
    const listed = await creel.start("secrets", "list").end();
    expect(listed.output).toMatch(/ada-telegram/);
  });
});

const labelsOf = (message: ChatMessage): string[] =>
  (message.reply_markup?.inline_keyboard.flat() ?? []).map(({ text }) => text);

/** Everything a person reads of a message. */
function textOf(message: Message | undefined): string {
  return message === undefined ? "" : JSON.stringify([message.content, message.embeds]);
}
