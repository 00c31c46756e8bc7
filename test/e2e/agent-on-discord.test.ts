import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import { INTENT } from "../fixtures/discord/world.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { forwardTo } from "./in-reach.ts";
import { freeSubnet } from "./local-hosts.ts";

const TOM = { id: "100000000000000001", name: "Tom" };
const ANN = { id: "100000000000000002", name: "Ann" };

/** The real OpenClaw with its plugin for Discord, on a real host, from nothing to an answer. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())("an agent on Discord", () => {
  let models: ModelServer;
  /** Discord as Creel's own bot sees it, and as the agent's does. */
  let own: DiscordServer;
  let discord: DiscordServer;
  let both: AsyncDisposable & { readonly api: string };
  let forward: AsyncDisposable & { readonly port: number };
  let creel: Installation;
  let running: RunningCreel;
  let subnet: string;

  beforeAll(async () => {
    subnet = await freeSubnet();
    models = await startModelServer({ address: "0.0.0.0" });
    own = await startDiscordServer();
    // OpenClaw's plugin gives no name to some of its requests.
    discord = await startDiscordServer({ asksForName: false });
    both = await byToken(discord, own);
    forward = await forwardTo("0.0.0.0", portOf(discord));
    creel = installCreel("", { LAB_KEY: models.key, OWN: own.token, BOT: discord.token });
    say({});
    running = creel.start("start");
    running.type("/deploy ada");
    await running.printed(/Deployed ada in/);
    await leadToUs();
    running.type("/model ada lab/test-model key:env:LAB_KEY");
    await running.printed(/ada answers with lab\/test-model/);
  }, 300_000);
  afterAll(async () => {
    await running?.kill();
    await creel?.[Symbol.asyncDispose]();
    for (const one of [forward, both, discord, own, models]) await one?.[Symbol.asyncDispose]();
  });

  /** creel.yaml, while Creel runs. `settings`: OpenClaw's, of its channel. */
  function say(settings: object): void {
    const { port, pathname } = new URL(models.openaiUrl);
    const lab = { baseUrl: `http://${subnet}.0.1:${port}${pathname}`, api: "openai-completions" };
    const openclaw = Object.keys(settings).length === 0 ? {} : { channels: { discord: settings } };
    const all = {
      local: { internet: false, subnet },
      discord: { token: "env:OWN", api: both.api },
      agents: { defaults: { providers: { lab }, openclaw } },
    };
    writeFileSync(join(creel.stateDir, "creel.yaml"), JSON.stringify(all), { mode: 0o600 });
  }

  /** On this host Discord is our server, at the host's own loopback. */
  async function leadToUs(): Promise<void> {
    const { stateDir } = creel;
    const [host] = await createLocalProvider({ stateDir, cacheDir: IMAGES_DIR }).list();
    if (!host) throw new Error("There is no host.");
    await using shell = await createSshShells({ keyFile: join(stateDir, "ssh", "id_ed25519") }).connect(host);
    const proxy = ["/usr/lib/systemd/systemd-socket-proxyd", `${subnet}.0.1:${forward.port}`];
    await shell.check(["systemd-run", `--socket-property=ListenStream=127.0.0.1:${portOf(discord)}`, ...proxy]);
    const folder = "/etc/containers/systemd/openclaw-gateway.container.d";
    await shell.check(["mkdir", "-p", folder]);
    const stdin = `[Container]\nEnvironment=DISCORD_API_URL=${discord.api}/v10\n`;
    await shell.check(["tee", `${folder}/90-our-discord.conf`], { stdin });
    await shell.check(["systemctl", "daemon-reload"]);
    await shell.check(["systemctl", "restart", "openclaw-gateway"], { timeoutMs: 60_000 });
    const ready = 'until curl -sf "http://127.0.0.1:$1/readyz"; do sleep 0.2; done';
    await shell.check(["sh", "-c", ready, "ready", String(host.gatewayPort)], { timeoutMs: 120_000 });
  }

  const answers = () => discord.messages().filter(({ authorId }) => authorId === discord.applicationId);

  it("/connect says where a bot is allowed to read messages that may not", async () => {
    running.type("/connect ada discord token:env:BOT");
    await running.printed(/may not read messages on Discord[\s\S]*Switch on Message Content Intent/);
    expect(discord.connected).toBe(0);
  });

  it("/connect says whose bot is listening", async () => {
    discord.switchOn(INTENT.messageContent);
    say({ guilds: { [discord.guildId]: { requireMention: true } } });
    running.type("/connect ada discord token:env:BOT");
    await running.printed(new RegExp(`@${discord.botUsername} is listening`));
    expect(discord.connected).toBe(1);
  });

  it("lets a person in who writes to it in private, and answers", async () => {
    discord.whisper(TOM, "Hello");
    const asked = await discord.when(() => discord.whispers(TOM)[0]);
    expect(asked.content).toMatch(/pair/i);
    const code = /\b[A-Z0-9]{8}\b/.exec(asked.content)?.[0] ?? "";
    const approve = ["podman", "exec", "openclaw-gateway", "openclaw", "pairing", "approve", "discord", code] as const;
    const shell = creel.start("ssh", "ada", ...approve);
    await shell.exited();
    expect(shell.output()).toContain(`Approved discord sender ${TOM.id}`);
    models.answer(() => "Nice to meet you, Tom.");
    discord.whisper(TOM, "Hello again");
    await discord.when(() => discord.whispers(TOM).some(({ content }) => content.includes("Nice to meet you, Tom.")));
  });

  it("answers in a server where it is mentioned, and nobody else", async () => {
    const before = models.asked.length;
    models.answer(() => "It is sunny.");
    discord.say(ANN, "Tom, how is the weather?");
    discord.say(ANN, `<@${discord.applicationId}> And what do you say?`);
    await discord.when(() => answers().some(({ content }) => content.includes("It is sunny.")));
    const prompts = models.asked.slice(before).flatMap(({ prompt }) => prompt ?? []);
    expect(prompts.filter((prompt) => prompt.includes("And what do you say?"))).not.toEqual([]);
    expect(answers().filter(({ content }) => content.includes("It is sunny."))).toHaveLength(1);
  });

  it("/configure says what to switch on when Discord turns its bot away for what it asks for, and goes back", async () => {
    say({ guilds: { [discord.guildId]: { requireMention: true } }, intents: { guildMembers: true } });
    running.type("/configure ada confirm:ada");
    await running.printed(/Privileged\s+Gateway\s+Intents[\s\S]*ada has the settings it had before/);
    discord.takeViolation(/intents \d+ are not switched on/);
    await discord.when(() => discord.connected === 1);
  });

  it("/connect says how to get a new token when Discord takes the old one no longer", async () => {
    discord.revokeToken();
    running.type("/connect ada discord token:env:BOT");
    await running.printed(/Discord does not take this token[\s\S]*Reset Token/);
  });

  it("kept to Discord's rules", () => {
    discord.check();
    expect(models.violations).toEqual([]);
  });
});

const portOf = ({ api }: DiscordServer) => Number(new URL(api).port);

/** One address for both: requests with the token of `one` go there, all others to `other`. */
async function byToken(one: DiscordServer, other: DiscordServer): Promise<AsyncDisposable & { readonly api: string }> {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const to = headers.authorization === `Bot ${one.token}` ? one : other;
    const asked = request({ host: "127.0.0.1", port: portOf(to), method, headers, path: url }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    api: `http://127.0.0.1:${port}/api`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
