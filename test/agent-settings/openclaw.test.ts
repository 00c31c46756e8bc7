import { describe, expect, test } from "vitest";
import { openclawIssues } from "../../src/agent-settings/openclaw.ts";
import type { Json } from "../../src/core/json.ts";

const KEY = "sk-proj-a8Fh2kL9qW3eR7tY1uI5oP0zX4cV6bN2";

function issuesOf(settings: Readonly<Record<string, Json>>): string[] {
  const issues = openclawIssues(settings);
  // What was written there may be the secret.
  expect(JSON.stringify(issues)).not.toContain(KEY);
  return issues.map(({ path, message }) => `${path.join(".")} ${message}`);
}

describe("under openclaw", () => {
  test.each<[path: string, settings: Readonly<Record<string, Json>>]>([
    ["skills.entries.x.apiKey", { skills: { entries: { x: { apiKey: "hunter2" } } } }],
    ["channels.matrix.encryptKey", { channels: { matrix: { encryptKey: "hunter2" } } }],
    ["tools.x.secretKey", { tools: { x: { secretKey: "hunter2" } } }],
    ["tools.x.tokens.1", { tools: { x: { tokens: ["env:ONE", "hunter2"] } } }],
    ["tools.x.apiKeys.0", { tools: { x: { apiKeys: ["hunter2"] } } }],
    ["mcp.servers.a.args.0", { mcp: { servers: { a: { args: [`--token=${KEY}`] } } } }],
    ["env.DATABASE_URL", { env: { DATABASE_URL: "postgres://user:hunter2@db.example/x" } }],
    ["tools.x.note", { tools: { x: { note: KEY } } }],
  ])("no secret stands as text: %s", (path, settings) => {
    expect(issuesOf(settings)).toEqual([expect.stringMatching(new RegExp(`^${path} .*refer to (?:a secret|it): `))]);
  });

  test.each<Readonly<Record<string, Json>>>([
    { skills: { entries: { x: { apiKey: "vault:x" } } }, tools: { x: { tokens: ["env:ONE"] } } },
    { logging: { level: "info" }, agents: { defaults: { maxTokens: 8000, contextTokens: "auto" } } },
    { channels: { discord: { guilds: { "1234567890123456789": { requireMention: true } } } } },
    {
      mcp: {
        servers: { a: { command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem", "/home/node"] } },
      },
    },
    { tools: { web: { fetch: { userAgent: "Mozilla/5.0 (X11; Linux x86_64)" } } } },
  ])("everything else may be said: %j", (settings) => {
    expect(issuesOf(settings)).toEqual([]);
  });

  test.each(["telegram", "discord"])("no second bot is said, which nobody would have asked about: %s", (channel) => {
    const accounts = { two: { botToken: "vault:two" } };
    expect(issuesOf({ channels: { [channel]: { accounts } } })).toEqual([
      `channels.${channel}.accounts is Creel's: an agent has one bot there, of channels.${channel}.token`,
    ]);
  });
});
