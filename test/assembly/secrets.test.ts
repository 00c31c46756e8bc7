import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { armor, Decrypter } from "age-encryption";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runSecretsMode, type Streams } from "../../src/assembly/secrets.ts";
import { parseCommandLine } from "../../src/command-line.ts";
import { loadConfig } from "../../src/config.ts";
import { openPty } from "../pty.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
let folder: string;
let environment: Readonly<Record<string, string>>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-secrets-"));
  mkdirSync(join(folder, "state"), { mode: 0o700 });
  writeFileSync(join(folder, "creel.yaml"), "telegram:\n  token: vault:telegram-token\n", { mode: 0o600 });
  environment = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8", NO_COLOR: "1" },
    ...{ CREEL_STATE_DIR: join(folder, "state"), CREEL_CONFIG: join(folder, "creel.yaml") },
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As main does it, with lines or nothing piped in. */
async function creel(words: readonly string[], input: string) {
  const line = parseCommandLine(["secrets", ...words], "1");
  if (line.type !== "secrets") throw new Error("that is no command of the vault");
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const streams = { stdin, stdout, stderr } as unknown as Streams;
  const ended = runSecretsMode(loadConfig(environment), line.does, streams, new AbortController().signal);
  const exitCode = await ended.finally(() => stdout.end());
  return { said: await text(stdout), exitCode };
}

const inTerminal = (words: string) => openPty(environment, `'${process.execPath}' '${MAIN}' secrets ${words}`);

test("a value that is piped in is kept, listed with the settings that use it, and taken away when none does", async () => {
  expect(await creel([], "")).toMatchObject({ said: expect.stringContaining("The vault is empty."), exitCode: 0 });
  expect(await creel(["set", "telegram-token"], "123:canary\n")).toMatchObject({
    said: expect.stringContaining("vault:telegram-token"),
    exitCode: 0,
  });
  expect((await creel(["set", "spare"], "canary-2")).exitCode).toBe(0);
  const { said } = await creel(["list"], "");
  expect(said).toMatch(/spare +today\n +telegram-token +today +telegram\.token/);
  expect(said).not.toContain("canary");
  await expect(creel(["rm", "telegram-token"], "")).rejects.toMatchObject({
    userMessage: expect.stringContaining("telegram.token in creel.yaml refers to vault:telegram-token"),
  });
  expect((await creel(["rm", "spare"], "")).exitCode).toBe(0);
  expect(await creel(["rm", "spare"], "")).toMatchObject({
    said: expect.stringContaining("has no secret"),
    exitCode: 1,
  });
  expect((await creel(["list"], "")).said).not.toContain("spare");
});

test("a value that agents are set up with stays in the vault as long as creel.yaml says so", async () => {
  const agents =
    "agents: {defaults: {providers: {openai: {key: vault:openai}}}, named: {ada: {channels: {discord: {token: vault:bot}}}}}";
  writeFileSync(join(folder, "creel.yaml"), agents, { mode: 0o600 });
  for (const name of ["openai", "bot"]) await creel(["set", name], "canary");
  const { said } = await creel(["list"], "");
  expect(said).toMatch(/bot +today +agents\.named\.ada\.channels\.discord\.token/);
  expect(said).toMatch(/openai +today +agents\.defaults\.providers\.openai\.key/);
  await expect(creel(["rm", "bot"], "")).rejects.toMatchObject({
    userMessage: expect.stringContaining("agents.named.ada.channels.discord.token in creel.yaml refers to vault:bot"),
  });
  expect((await creel(["list"], "")).said).toContain("bot");
});

test("at a terminal a value is asked for and not shown, and leaving changes nothing", async () => {
  {
    using terminal = inTerminal("set telegram-token");
    await terminal.shows(/Value of telegram-token \(not shown\): $/);
    terminal.type("123:canary\r");
    await terminal.shows(/telegram-token is in the vault/);
    expect(await terminal.exit).toBe(0);
    expect(terminal.raw()).not.toContain("canary");
  }
  {
    using terminal = inTerminal("set telegram-token");
    await terminal.shows(/not shown\): $/);
    terminal.type("canary-3\x15\x04");
    await terminal.shows(/Nothing was changed/);
    expect(await terminal.exit).toBe(130);
  }
  const exported = await creel(["export"], "correct horse\n");
  const decrypter = new Decrypter();
  decrypter.addPassphrase("correct horse");
  expect(JSON.parse(await decrypter.decrypt(armor.decode(exported.said), "text"))).toEqual({
    "telegram-token": "123:canary",
  });
});

test("what is removed at a terminal is named once more", async () => {
  await creel(["set", "spare"], "canary");
  {
    using terminal = inTerminal("rm spare");
    await terminal.shows(/Type spare to remove it for good: $/);
    terminal.type("spar\x03");
    await terminal.shows(/Nothing was changed/);
    expect(await terminal.exit).toBe(130);
  }
  using terminal = inTerminal("rm spare");
  await terminal.shows(/for good: $/);
  terminal.type("spare\r");
  await terminal.shows(/not in the vault any more/);
  expect(await terminal.exit).toBe(0);
});

test("a passphrase is asked for twice, and two that differ export nothing", async () => {
  await creel(["set", "spare"], "canary");
  using terminal = inTerminal("export");
  await terminal.shows(/opens the export \(not shown\): $/);
  terminal.type("one\r");
  await terminal.shows(/once more: $/);
  terminal.type("two\r");
  await terminal.shows(/not the same/);
  expect(await terminal.exit).toBe(1);
  expect(terminal.raw()).not.toContain("BEGIN AGE");
});

test("the key comes from systemd where it gives one, and none is made then", async () => {
  await creel(["set", "spare"], "canary");
  const key = readFileSync(join(folder, "state/vault.key"));
  rmSync(join(folder, "state/vault.key"));
  await expect(creel([], "")).rejects.toMatchObject({ userMessage: expect.stringContaining("its key") });
  mkdirSync(join(folder, "credentials"));
  writeFileSync(join(folder, "credentials/creel-vault-key"), key, { mode: 0o400 });
  environment = { ...environment, CREDENTIALS_DIRECTORY: join(folder, "credentials") };
  expect((await creel([], "")).said).toContain("spare");
  expect((await creel(["set", "spare"], "canary-2")).exitCode).toBe(0);
  expect(readdirSync(join(folder, "state"))).not.toContain("vault.key");
});
