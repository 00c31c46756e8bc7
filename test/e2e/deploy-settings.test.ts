import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { openChromium } from "../chromium.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel } from "./creel.ts";
import { forwardTo, ownAddress } from "./in-reach.ts";
import { bootOf, freeSubnet, reachAgain } from "./local-hosts.ts";
import { filesWith, watchProcesses } from "./traces.ts";

const TOM = 7001;

/** An agent whose settings stand in creel.yaml before there is one. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())("a deploy with settings, on a real host", () => {
  let models: ModelServer;
  let telegram: TelegramServer;
  let forward: AsyncDisposable & { readonly port: number };
  let creel: Installation;
  const address = ownAddress();

  beforeAll(async () => {
    models = await startModelServer({ address });
    telegram = await startTelegramServer({ patienceMs: 120_000 });
    telegram.addPerson({ id: TOM, name: "Tom" });
    forward = await forwardTo(address, Number(new URL(telegram.apiRoot).port));
    creel = installCreel();
    const lab = { baseUrl: models.openaiUrl, api: "openai-completions", key: "vault:lab" };
    const defaults = { model: "lab/test-model", providers: { lab }, timeZone: "Europe/Berlin", workspace: "plain" };
    const bot = { token: "vault:ada-telegram", apiRoot: `http://${address}:${forward.port}` };
    const settings = {
      local: { driver: "nspawn", internet: true, subnet: await freeSubnet() },
      // Nothing here needs it, and a machine for tests may have none.
      gateway: { probe: false },
      agents: { defaults, named: { ada: { controlUi: true, channels: { telegram: bot } } } },
    };
    writeFileSync(join(creel.stateDir, "creel.yaml"), JSON.stringify(settings), { mode: 0o600 });
    mkdirSync(join(creel.stateDir, "plain/skills"), { recursive: true });
    writeFileSync(join(creel.stateDir, "plain/SOUL.md"), "I am kind.\n");
    writeFileSync(join(creel.stateDir, "plain/skills/run.sh"), "#!/bin/sh\n", { mode: 0o700 });
  });
  afterAll(async () => {
    await creel?.[Symbol.asyncDispose]();
    await forward?.[Symbol.asyncDispose]();
    await telegram?.[Symbol.asyncDispose]();
    await models?.[Symbol.asyncDispose]();
  });

  async function runLines(...lines: string[]) {
    const running = creel.start("start");
    for (const line of lines) running.type(line);
    return (await running.end()).output;
  }

  const shells = () => createSshShells({ keyFile: join(creel.stateDir, "ssh", "id_ed25519") });
  async function hostOf() {
    const [host] = await createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list();
    return host ?? expect.fail("There is no host.");
  }
  async function onHost(argv: readonly [string, ...string[]]): Promise<string> {
    await using shell = await shells().connect(await hostOf());
    return await shell.check(argv, { timeoutMs: 60_000 });
  }

  it("is refused before there is a host when a secret is missing, and says how to put it there", async () => {
    const output = await runLines("/deploy name:ada");
    expect(output).toMatch(/creel\s+secrets\s+set\s+lab/);
    expect(await createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list()).toEqual([]);
  });

  it("has its secrets from the vault, into which they are piped", async () => {
    for (const [name, value] of [
      ["lab", models.key],
      ["ada-telegram", telegram.token],
    ] as const) {
      const set = creel.start("secrets", "set", name);
      set.type(value);
      const { exitCode, output } = await set.end();
      expect(exitCode, output).toBe(0);
    }
  });

  it("is refused before there is a host when the workspace has what it may not have", async () => {
    const film = join(creel.stateDir, "plain/film.mp4");
    writeFileSync(film, Buffer.alloc(50_000_000));
    const output = await runLines("/deploy name:ada");
    renameSync(film, join(creel.stateDir, "film.mp4"));
    expect(output).toMatch(/film\.mp4\s+in\s+the\s+workspace\s[\s\S]*\shas\s+50\s+MB/);
    expect(await createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list()).toEqual([]);
  });

  it("ends with an answer of the model and a bot that listens", async () => {
    models.answer(() => "Good morning.");
    const output = await runLines("/deploy name:ada");
    expect(output).toMatch(/Deployed ada in [^,]+\.\n/);
    expect(output).toMatch(/Its model answers/);
    expect(output).toMatch(/Its bots are connected/);
    expect(output).toMatch(/First answer\s+Good morning\./);
    expect(output).toContain(`@${telegram.botUsername} is listening. Write to it.`);
    expect(models.asked.filter(({ prompt }) => prompt !== null)).toHaveLength(1);
    await telegram.say(TOM, "Hello");
    expect((await telegram.nextMessage(TOM)).text).toMatch(/pair/i);
  });

  it("gives the agent its workspace, and keeps settings and no secret on the host", async () => {
    const listed = await onHost([
      "sh",
      "-c",
      "cd /var/lib/openclaw/workspace && stat -c '%n %U %a' SOUL.md skills/run.sh",
    ]);
    expect(listed).toMatch(/^SOUL\.md \S+ 600\nskills\/run\.sh \S+ 700\n$/);
    expect(await onHost(["cat", "/var/lib/openclaw/workspace/SOUL.md"])).toBe("I am kind.\n");
    const kept = JSON.parse(await onHost(["cat", "/var/lib/creel/agent.json"]));
    expect(kept).toMatchObject({
      chosen: {},
      applied: { model: "lab/test-model", channels: { telegram: { token: "vault:ada-telegram" } } },
      bots: { telegram: { name: telegram.botUsername } },
    });
    for (const secret of [models.key, telegram.token]) {
      expect(filesWith(creel.stateDir, secret)).toEqual([]);
      expect(creel.transcript()).not.toContain(secret);
    }
    // The search finds what is there.
    expect(filesWith(join(creel.stateDir, "redis"), "lab/test-model").length).toBeGreaterThan(0);
  });

  it("answers /ask, also after its host was rebooted, and its bot is connected again", async () => {
    models.answer(() => "42, of course.");
    expect(await runLines("/ask ada What is six times seven?")).toMatch(/ada answers:\s+42, of course\./);
    const host = await hostOf();
    await using shell = await shells().connect(host);
    const before = await bootOf(shell);
    await shell.check(["sh", "-c", "(sleep 0.2; systemctl reboot) >/dev/null 2>&1 &"]);
    await (await reachAgain(shells(), host, before)).close();
    models.answer(() => "Still 42.");
    const output = await runLines("/ask ada And now?", "/status ada");
    expect(output).toMatch(/ada answers:\s+Still 42\./);
    expect(output).toMatch(/ada is ready/);
    await telegram.waitFor(() => telegram.polling);
    await expect.poll(() => runLines("/status ada")).toContain(`@${telegram.botUsername}, connected`);
  });

  it("has a page that a link opens once, in a browser on this machine, for as long as creel open runs", async () => {
    models.answer((prompt) => (prompt.includes("Are you there?") ? "I am, and all is well." : "Good morning."));
    const opened = creel.start("open", "ada");
    const nthLink = async (n: number) => {
      await opened.printed(new RegExp(`(?:http:\\S+\\n[^]*){${n}}`));
      return opened.output().match(/http:\S+/g)?.[n - 1] ?? "";
    };
    const link = await nthLink(1);
    const token = new URLSearchParams(new URL(link).hash.slice(1)).get("bootstrapToken") ?? "";
    expect(token).toMatch(/^\S{20,}$/);
    const watching = watchProcesses([token], () => []);
    await using browser = await openChromium();
    const page = await (await browser.newContext()).newPage();
    const askedElsewhere: string[] = [];
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(link).origin) askedElsewhere.push(request.url());
    });
    await page.goto(link);
    await page.getByText("Good morning.").first().waitFor();
    await page.getByPlaceholder("Message Assistant").fill("Are you there?");
    await page.keyboard.press("Enter");
    await page.getByText("I am, and all is well.").first().waitFor();
    expect(page.url()).not.toContain(token);
    expect(askedElsewhere).toEqual([]);

    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(link);
    await stranger.getByText("Gateway secret rejected").first().waitFor();
    expect(await stranger.getByText("Good morning.").count()).toBe(0);
    opened.type("");
    await stranger.goto("about:blank");
    await stranger.goto(await nthLink(2));
    await stranger.getByText("I am, and all is well.").first().waitFor();

    const another = creel.start("open", "ada");
    expect(await another.exited()).toBe(1);
    expect(another.output()).toMatch(new RegExp(`is\\s+taken\\s+by\\s+node\\s+\\(pid\\s+${opened.process.pid}\\)`));

    // As when the network is gone: what carries the way to the page ends.
    await creel.start("ssh", "ada", "pkill", "-f", "'^sshd(-session)?: root'").exited();
    await opened.printed(/ada is back, and so is its page/);
    await page.reload();
    await page.getByText("I am, and all is well.").first().waitFor();

    const { seen } = watching.stop();
    expect(seen).toEqual([]);
    // OpenClaw itself keeps those it made in its state on the host.
    const elsewhere = filesWith(creel.stateDir, token).filter((file) => !file.includes("/var/lib/openclaw/state/"));
    expect(elsewhere).toEqual([]);
    opened.process.kill("SIGINT");
    expect(await opened.exited()).toBe(0);
    await expect(page.goto(new URL(link).origin)).rejects.toThrow("ERR_CONNECTION_REFUSED");
  });

  it("is the same after Redis was lost and the agent adopted", async () => {
    renameSync(join(creel.stateDir, "redis"), join(creel.stateDir, "redis-lost"));
    expect((await creel.start("adopt").end()).output).toMatch(/Adopted ada/);
    const output = await runLines("/configure ada", "/destroy agent:ada confirm:ada");
    expect(output).toMatch(/No\s+setting\s+has\s+changed/);
    expect(output).toMatch(/Removed ada/);
  });
});
