import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GatewaySpec } from "../../../services/gateway/gateway.ts";
import { createQuadletGateway } from "../../../services/gateway/quadlet-gateway.ts";
import { debian } from "../../../services/system/debian/debian.ts";
import { type AgentSettings, NO_SETTINGS } from "../../../src/core/agent-settings.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { Secret, vaultRef } from "../../../src/core/secrets.ts";
import { type HostRoot, makeHostRoot } from "./host-root.ts";

const never = new AbortController().signal;
const TOKEN = "canary-token";
const [KEY, BOT] = [vaultRef("key"), vaultRef("bot")];
const MODEL = { baseUrl: "http://127.0.0.1:1/v1", api: "openai-completions" as const, models: [] };

/** The bot's token is the same in both; the key is not. */
const old = specWith({ model: "mine/old", key: "canary-old-key" });
const wanted = specWith({ model: "mine/new", key: "canary-new-key" });

function specWith({ model, key }: { readonly model: string; readonly key: string }): GatewaySpec {
  const settings: AgentSettings = {
    ...NO_SETTINGS,
    model,
    providers: { mine: { key: KEY, ...MODEL } },
    channels: { telegram: { token: BOT, apiRoot: null }, discord: null },
  };
  return {
    agent: parseAgentName("ada"),
    memoryMb: 2048,
    port: 18_789,
    containerImage: "localhost/creel/openclaw:2026.9.6",
    token: new Secret(TOKEN),
    setup: {
      settings,
      secrets: new Map([
        [KEY, new Secret(key)],
        [BOT, new Secret("canary-bot")],
      ]),
    },
    workspace: null,
  };
}

const gateway = createQuadletGateway({ system: debian });
const { settings } = gateway;
let host: HostRoot;
beforeEach(async () => {
  host = await makeHostRoot();
  await gateway.install(host.shell, old, never);
  await host.shell.check(["systemctl", "restart", "creel-secrets.service"]);
});
afterEach(() => host[Symbol.asyncDispose]());

const put = (spec: GatewaySpec) => settings.put(host.shell, spec, never);
const goBack = (): Promise<void> => settings.goBack(host.shell, never);
const settle = () => settings.settle(host.shell, never);
const install = (spec: GatewaySpec) => gateway.install(host.shell, spec, never);

const CREDENTIAL = "etc/credstore.encrypted/creel-gateway.json";
const delivered = async () => JSON.parse(await host.read("run/creel-secrets/gateway.json"));
const kept = async () => JSON.parse(Buffer.from(await host.read(CREDENTIAL), "base64").toString());
const OLD = { model: "mine/old", key: "canary-old-key", bot: "canary-bot" };
const NEW = { model: "mine/new", key: "canary-new-key", bot: "canary-bot" };

/** What the gateway has by its configuration: every value that this refers to is in memory, and in what survives the host's next start. */
async function works(): Promise<typeof OLD> {
  const { agents, models, channels } = JSON.parse(await host.read("var/lib/openclaw/openclaw.json"));
  const [inMemory, surviving] = [await delivered(), await kept()];
  const secretAt = ({ id }: { readonly id: string }) => {
    const name = id.slice(1);
    expect(inMemory[name]).toMatch(/^canary/);
    expect(surviving[name]).toBe(inMemory[name]);
    return inMemory[name];
  };
  return {
    model: agents.defaults.model.primary,
    key: secretAt(models.providers.mine.apiKey),
    bot: secretAt(channels.telegram.botToken),
  };
}

/** As `works`, when nothing is under way. */
async function has(): Promise<typeof OLD> {
  expect(await kept()).toEqual(await delivered());
  return await works();
}

/** Calls `afterwards` with each cut of `act`, until there is nothing left to cut. Returns how many there were. */
async function atEveryProgram(act: () => Promise<void>, afterwards: () => Promise<void>): Promise<number> {
  for (let programs = 0; ; programs += 1) {
    const isCut = await host.cutAfter(programs, act);
    await afterwards();
    if (!isCut) return programs;
  }
}

describe.skipIf(process.getuid?.() !== 0)("settings on a host, cut off at every program", () => {
  it("are the old ones or the new ones when putting them was, go back, and are put when it is done again", async () => {
    const seen = new Set<unknown>();
    const cuts = await atEveryProgram(
      () => put(wanted),
      async () => {
        const now = await works();
        expect([OLD, NEW]).toContainEqual(now);
        seen.add(JSON.stringify(now));
        await goBack();
        expect(await works()).toEqual(OLD);
        await put(wanted);
        expect(await has()).toEqual(NEW);
        await goBack();
        await settle();
        expect(await has()).toEqual(OLD);
        expect(Object.values(await delivered())).not.toContain("canary-new-key");
      },
    );
    expect(cuts).toBeGreaterThan(15);
    expect(seen.size).toBe(2);
  }, 120_000);

  it("are the old ones or the new ones when going back was, and the old ones when it is done again", async () => {
    await put(wanted);
    const cuts = await atEveryProgram(goBack, async () => {
      expect([OLD, NEW]).toContainEqual(await works());
      await goBack();
      await goBack();
      expect(await has()).toEqual(OLD);
      await put(wanted);
      expect(await has()).toEqual(NEW);
    });
    expect(cuts).toBeGreaterThan(5);
  }, 120_000);

  it.each([
    ["new", async () => undefined, NEW, OLD.key],
    ["old", () => goBack(), OLD, NEW.key],
  ])(
    "keep what the %s ones need when forgetting the others was",
    async (_, choose, what, forgotten) => {
      const again = async () => {
        await put(wanted);
        await choose();
      };
      await again();
      const cuts = await atEveryProgram(settle, async () => {
        expect(await works()).toEqual(what);
        await settle();
        await settle();
        expect(await has()).toEqual(what);
        expect(Object.values(await delivered())).not.toContain(forgotten);
        await put(old);
        await settle();
        await again();
      });
      expect(cuts).toBeGreaterThan(5);
    },
    120_000,
  );

  it("are the old ones or the new ones when an installation was, and the new ones when it is done again", async () => {
    const cuts = await atEveryProgram(
      () => install(wanted),
      async () => {
        expect([OLD, NEW]).toContainEqual(await works());
        await install(wanted);
        expect(await has()).toEqual(NEW);
        await goBack();
        expect(await has()).toEqual(NEW);
        await install(old);
        await settle();
        expect(await has()).toEqual(OLD);
      },
    );
    expect(cuts).toBeGreaterThan(15);
  }, 120_000);

  it("name a value that changed anew and keep the name of another, and what is before the first of two is what comes back", async () => {
    const before = Object.keys(await delivered());
    await put(wanted);
    const during = Object.keys(await delivered());
    expect(before.every((name) => during.includes(name))).toBe(true);
    expect(during.filter((name) => !before.includes(name))).toEqual([
      expect.stringMatching(/^providers\.mine\.key\.[0-9a-f]{16}$/),
    ]);
    await put(specWith({ model: "mine/third", key: "canary-third-key" }));
    await goBack();
    expect(await has()).toEqual(OLD);
  });

  it("leave no secret but in memory and in the credential, nor in the arguments of a program", async () => {
    await put(wanted);
    await settle();
    await put(old);
    await goBack();
    expect((await host.ran()).join("\n")).not.toContain("canary");
    const find = promisify(execFile)("grep", ["-rl", "--exclude-dir=usr", "--exclude-dir=dev", "canary", host.at("")]);
    expect((await find).stdout).toBe(`${host.at("run/creel-secrets/gateway.json")}\n`);
  });
});
