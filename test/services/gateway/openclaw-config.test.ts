import { expect, test } from "vitest";
import { complaintsIn, settingAt } from "../../../services/gateway/complaints.ts";
import { openclawConfig } from "../../../services/gateway/openclaw-config.ts";
import { onlyUsed } from "../../../services/gateway/secret-map.ts";
import { type AgentSettings, NO_SETTINGS } from "../../../src/core/agent-settings.ts";
import { Secret, vaultRef } from "../../../src/core/secrets.ts";

const [key, bot, other] = ["key", "bot", "other"].map(vaultRef) as [
  ReturnType<typeof vaultRef>,
  ReturnType<typeof vaultRef>,
  ReturnType<typeof vaultRef>,
];
const settings: AgentSettings = {
  ...NO_SETTINGS,
  model: "mine/one/two",
  fallbacks: ["mine/three"],
  providers: { mine: { key, baseUrl: "http://127.0.0.1:1/v1", api: "openai-completions", models: ["four"] } },
  channels: { telegram: { token: bot, apiRoot: "http://127.0.0.1:2" }, discord: null },
  timeZone: "Europe/Berlin",
  controlUi: true,
  openclaw: {
    mcp: { servers: { "a/b~c": { env: { TOKEN: other } } } },
    gateway: { bind: "lan" },
    logging: { level: "debug" },
  },
};
const secrets = new Map([key, bot, other].map((ref) => [ref, new Secret(`canary of ${ref}`)]));
const held = { gatewayToken: "of this host" };
const render = (port = 4711, values = secrets) => openclawConfig({ port, setup: { settings, secrets: values } }, held);

test("what is set is in the configuration, and no secret is", () => {
  const { text, secrets: given } = render();
  const config = JSON.parse(text);
  expect(text).not.toContain("canary");
  expect(config.agents.defaults).toEqual({
    model: { primary: "mine/one/two", fallbacks: ["mine/three"] },
    userTimezone: "Europe/Berlin",
  });
  expect(config.models.providers.mine.models.map(({ id }: { id: string }) => id)).toEqual(["four", "one/two", "three"]);
  expect(config.channels.telegram).toMatchObject({
    enabled: true,
    dmPolicy: "pairing",
    groups: { "*": { requireMention: true } },
  });
  // What is Creel's stays so.
  expect(config.gateway).toMatchObject({ bind: "loopback", controlUi: { enabled: true } });
  expect(config.logging).toMatchObject({ level: "debug", consoleLevel: "info" });
  const id: string = config.mcp.servers["a/b~c"].env.TOKEN.id;
  expect(id).toMatch(/^\/openclaw\.mcp\.servers\.a~1b~0c\.env\.TOKEN\.[0-9a-f]{16}$/);
  expect(given[id.slice(1).replaceAll("~1", "/").replaceAll("~0", "~")]).toBe("canary of vault:other");
});

test("a channel whose bot has no token yet is not there", () => {
  const waiting = {
    ...settings,
    channels: { ...settings.channels, telegram: { token: null, apiRoot: "http://127.0.0.1:2" } },
  };
  const { text } = openclawConfig({ port: 1, setup: { settings: waiting, secrets } }, held);
  expect(JSON.parse(text).channels).toBeUndefined();
});

test("a value that changes has another name, and the others keep theirs", () => {
  const [before, after] = [render(), render(4711, new Map([...secrets, [key, new Secret("another")]]))];
  const kept = Object.keys(before.secrets).filter((name) => Object.hasOwn(after.secrets, name));
  expect(kept).toHaveLength(Object.keys(before.secrets).length - 1);
  expect(kept).toHaveLength(Object.keys(after.secrets).length - 1);
  const both = { ...before.secrets, ...after.secrets };
  expect(onlyUsed(both, JSON.parse(after.text))).toEqual(after.secrets);
  expect(() => render(1, new Map())).toThrow(expect.objectContaining({ code: "secret-unavailable" }));
});

test.each([
  ["models.providers.mine.apiKey.id", "providers.mine.key"],
  ["models.providers.mine.models.0", "providers.mine.models"],
  ["models.providers.else.apiKey", "openclaw.models.providers.else.apiKey"],
  ["agents.defaults.model.primary", "model"],
  ["channels.telegram.botToken", "channels.telegram.token"],
  ["channels.discord.token", "openclaw.channels.discord.token"],
  ["logging.level", "openclaw.logging.level"],
])("%s is %s", (theirs, ours) => expect(settingAt(theirs, settings)).toBe(ours));

test("what is no answer of OpenClaw is no approval", () => {
  expect(complaintsIn('{"valid":true,"issues":[]}', settings)).toEqual([]);
  expect(complaintsIn('{"valid":false,"issues":[{"path":"logging.level","message":"no"}]}', settings)).toEqual([
    "openclaw.logging.level: no",
  ]);
  expect(complaintsIn('{"valid":false}', settings)).toHaveLength(1);
  for (const text of ["", "{}", "Error: out of memory"]) {
    expect(() => complaintsIn(text, settings)).toThrow(expect.objectContaining({ code: "host-command-failed" }));
  }
});
