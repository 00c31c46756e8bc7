import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SECRETS_FILE } from "../../services/gateway/paths.ts";
import { createMemoryHostShells } from "../../services/host-shell/memory.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { buildServices } from "../../src/assembly/services.ts";
import { createTools } from "../../src/assembly/tools.ts";
import { loadConfig } from "../../src/config.ts";
import { Secret, type SecretRef } from "../../src/core/secrets.ts";
import { createMemoryOfChannels } from "../desk/memory-chat-state.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { nobodyElsewhere } from "../nobody-elsewhere.ts";
import { ada } from "../operations/world.ts";
import { hostCalled } from "../services/gateway/host.ts";

/** As Creel is put together, in a folder of its own. */
async function assembled(environment: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "creel-assembly-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const paths = { HOME: folder, CREEL_STATE_DIR: join(folder, "state"), CREEL_CACHE_DIR: join(folder, "cache") };
  const file = join(folder, "creel.yaml");
  await writeFile(file, "", { mode: 0o600 });
  const config = loadConfig({ ...paths, CREEL_CONFIG: file, ...environment });
  const tools = createTools(config);
  const store = { registry: memoryRegistry(), memory: createMemoryOfChannels(() => 0), elsewhere: nobodyElsewhere };
  return { folder, tools, services: buildServices(config, tools, store) };
}

test("a token that is read from a host is hidden wherever text is redacted from then on", async () => {
  const { tools, services } = await assembled();
  const host = hostCalled("ada-abcdef");
  const shells = createMemoryHostShells({ find: async () => host });
  await using shell = await shells.connect(host);
  shells.machine(host.name)?.files.set(SECRETS_FILE, '{"gatewayToken":"canary of this host"}');
  expect(tools.redact("a canary of this host")).toBe("a canary of this host");
  // Nothing listens there: it fails where the token would be used.
  await expect(services.gatewayOn(debian).checkAccess(shell, 18_789, new AbortController().signal)).rejects.toThrow();
  expect(tools.redact("a canary of this host")).toBe("a [redacted]");
});

test("a secret that a setting refers to is hidden once it was read", async () => {
  const { tools } = await assembled({ THE_WORDS: "horse and battery" });
  expect(tools.redact("a horse and battery")).toBe("a horse and battery");
  expect((await tools.resolve("env:THE_WORDS" as SecretRef)).reveal()).toBe("horse and battery");
  expect(tools.redact("a horse and battery")).toBe("a [redacted]");
});

test("what creel.yaml says of an agent is read anew every time, and trusted no more than at the start", async () => {
  const { folder, services } = await assembled();
  const file = join(folder, "creel.yaml");
  expect(await services.layersFor(ada)).toEqual([{}, {}]);
  await writeFile(
    file,
    "agents:\n  defaults: {model: a/b, workspace: here}\n  named: {ada: {timeZone: null}, bob: {model: c/d}}\n",
  );
  expect(await services.layersFor(ada)).toEqual([
    { model: "a/b", workspace: join(folder, "here") },
    { timeZone: null },
  ]);
  await writeFile(file, "agents: {named: {bob: {channels: {telegram: {token: 1}}}}}");
  await expect(services.layersFor(ada)).rejects.toMatchObject({
    code: "config-invalid",
    userMessage: expect.stringContaining(`${file} has a problem: agents.named.bob.channels.telegram.token: `),
  });
  await writeFile(file, "");
  await chmod(file, 0o666);
  await expect(services.layersFor(ada)).rejects.toMatchObject({ userMessage: expect.stringContaining("by everybody") });
  await rm(file);
  await expect(services.layersFor(ada)).rejects.toMatchObject({
    userMessage: expect.stringContaining("cannot be read"),
  });
});

test("a secret that somebody gave is kept in the vault, and hidden from then on", async () => {
  const { folder, tools, services } = await assembled();
  await mkdir(join(folder, "state"));
  const ref = await services.keepSecret("ada-telegram", new Secret("a horse and a battery"));
  expect(ref).toBe("vault:ada-telegram");
  expect((await services.resolveSecret(ref)).reveal()).toBe("a horse and a battery");
  expect(tools.redact("it is a horse and a battery")).toBe("it is [redacted]");
  expect(await services.creelsToken("telegram")).toBeNull();
});
