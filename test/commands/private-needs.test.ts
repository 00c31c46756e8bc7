import { expect, test } from "vitest";
import type { Command, PrivateNeed } from "../../commands/command.ts";
import { configure } from "../../commands/configure.ts";
import { connect } from "../../commands/connect.ts";
import { disconnect } from "../../commands/disconnect.ts";
import { model } from "../../commands/model.ts";
import { readCommand } from "../../commands/read.ts";
import { createBotServices } from "../../services/bot-service/fetched-bot-services.ts";
import { mergeLayers } from "../../src/agent-settings/merge.ts";
import type { Services } from "../../src/assembly/services.ts";
import { NOTHING_KEPT, type SettingsLayer } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { Secret, type SecretRef } from "../../src/core/secrets.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import type { Sources } from "../../src/questions/question.ts";
import { agentCalled, createDeskWorld, owner } from "../desk/world.ts";
import { startTelegramServer } from "../fixtures/telegram/server.ts";
import { ask, run } from "../operations/crash-points.ts";
import { ada, createWorld } from "../operations/world.ts";

const key = new Secret("canary-of-a-good-key");

async function world(layers: readonly SettingsLayer[] = [], its: Partial<Services> = {}) {
  const models = { openai: { keys: [key], models: ["one"] }, free: { keys: null, models: ["one"] } };
  const made = createWorld({ models, layers: () => layers });
  await made.registry.put(agentCalled("ada"));
  const { operations, audit } = createDeskWorld(() => 1_000);
  const sources: Sources = {
    ...{ actor: owner, place: null, services: { ...made.services, ...its }, operations, audit },
    strangers: { has: () => false, flush: async () => undefined },
    ...{ now: () => 1_000, redact: (text) => text },
  };
  const needs = async (command: Command, options: Record<string, string>): Promise<PrivateNeed | null> => {
    const reading = readCommand({ command: command.name, options: { agent: "ada", ...options }, confirmation: null }, [
      command,
    ]);
    if (reading.type !== "complete" || reading.request.type !== "operation") return expect.fail("It is no operation.");
    return (await reading.request.needs?.(sources)) ?? null;
  };
  return { ...made, sources, needs };
}

const failing = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown);
  return error instanceof OpsError ? error : expect.fail("It went well.");
};

test("/model asks for the provider's key when nobody has given one, proves it, keeps it, and goes on with where it is", async () => {
  const { needs, services, sources } = await world();
  const need = await needs(model, { model: "OpenAI/one" });
  expect(need?.question).toMatchObject({ title: "The key for openai", instead: "key:vault:NAME" });
  const refused = await failing(need?.take(new Secret("canary-of-a-wrong-key"), sources) ?? Promise.resolve());
  expect(refused.code).toBe("key-refused");
  expect(await need?.take(key, sources)).toEqual({
    ...{ kind: "model", agent: "ada" },
    params: { agent: "ada", model: "openai/one", key: "vault:openai" },
  });
  expect((await services.resolveSecret("vault:openai" as SecretRef)).reveal()).toBe(key.reveal());
});

test.each([
  ["it was said where it is", [], { model: "openai/one", key: "vault:other" }],
  ["creel.yaml says where it is", [{ providers: { openai: { key: "env:KEY" } } }], { model: "openai/one" }],
  ["the provider wants none", [], { model: "free/one" }],
  ["creel.yaml says the model", [], { model: "default" }],
  [
    "an address in creel.yaml wants none",
    [{ providers: { own: { baseUrl: "https://x.example" } } }],
    { model: "own/x" },
  ],
])("/model asks for no key when %s", async (_, layers, options) => {
  expect(await (await world(layers)).needs(model, options)).toBeNull();
});

test("/model asks for another key although there is one", async () => {
  const { needs, sources } = await world([{ providers: { openai: { key: "env:OLD_KEY" } } }]);
  expect(await needs(model, { model: "openai/one" })).toBeNull();
  const need = await needs(model, { model: "openai/one", key: "new" });
  expect(await need?.take(key, sources)).toMatchObject({ params: { key: "vault:openai" } });
});

test.each([
  ["creel.yaml says the model", "default", "Change it there"],
  ["the provider takes none", "free/one", "Leave key: out."],
])("/model does not pass over key:new where %s", async (_, name, hint) => {
  const error = await failing((await world()).needs(model, { model: name, key: "new" }));
  expect(error).toMatchObject({ code: "input-invalid", hint: expect.stringContaining(hint) });
});

test("/connect asks for another token although there is one", async () => {
  const { needs, sources, botServices } = await world([{ channels: { telegram: { token: "env:OLD_TOKEN" } } }]);
  expect(await needs(connect, { channel: "telegram" })).toBeNull();
  const token = botServices.add("telegram", { id: "100000001", name: "ada_bot" });
  const need = await needs(connect, { channel: "telegram", token: "new" });
  expect(await need?.take(token, sources)).toMatchObject({ params: { token: "vault:ada-telegram" } });
});

test("/model says of a provider that nobody knows which was meant, before anything is asked for", async () => {
  const error = await failing((await world()).needs(model, { model: "opnai/one" }));
  expect(error).toMatchObject({ code: "input-invalid", hint: expect.stringContaining("Did you mean openai?") });
});

test.each(["gpt-5", "openai/", "/one", "open ai/one", "openai/o ne"])(
  "/model takes no %j for a model",
  async (name) => {
    const error = await failing((await world()).needs(model, { model: name }));
    expect(error).toMatchObject({ code: "input-invalid", hint: expect.stringContaining("openai/gpt-5.5") });
  },
);

test("a key where its place was asked for is refused without a word of it", async () => {
  const { needs } = await world();
  const error = await failing(needs(model, { model: "openai/one", key: "canary-typed-in-public" }));
  expect(error).toMatchObject({ code: "input-invalid", userMessage: expect.stringContaining("vault:NAME") });
  expect(JSON.stringify(error) + error.message).not.toContain("canary");
});

test("/connect asks for the bot's token, sees whose it is, and keeps it under the agent's name", async () => {
  const { needs, sources, botServices, registry } = await world();
  const token = botServices.add("telegram", { id: "100000001", name: "ada_bot" });
  const need = await needs(connect, { channel: "telegram" });
  expect(need?.question.text).toContain("@BotFather");
  const refused = await failing(need?.take(new Secret("canary-that-is-none"), sources) ?? Promise.resolve());
  expect(refused.code).toBe("chat-refused");
  await registry.put({
    ...agentCalled("bob"),
    settings: { ...NOTHING_KEPT, bots: { telegram: { id: "100000001", name: "ada_bot" }, discord: null } },
  });
  const taken = await failing(need?.take(token, sources) ?? Promise.resolve());
  expect(taken).toMatchObject({ code: "already-exists", userMessage: "@ada_bot is the bot of bob already." });
  await registry.remove(agentCalled("bob").name);
  expect(await need?.take(token, sources)).toMatchObject({
    params: { agent: "ada", channel: "telegram", token: "vault:ada-telegram" },
  });
  expect(await needs(connect, { channel: "telegram", token: "vault:x" })).toBeNull();
});

test("/connect proves the token at the server that creel.yaml says, also where it says no token", async () => {
  await using server = await startTelegramServer();
  const layers = [{ channels: { telegram: { apiRoot: server.apiRoot } } }];
  const { needs, sources } = await world(layers, { botServices: createBotServices() });
  const need = await needs(connect, { channel: "telegram" });
  const wrong = await failing(need?.take(new Secret(`1${server.token}`), sources) ?? Promise.resolve());
  expect(wrong.code).toBe("chat-refused");
  expect(await need?.take(new Secret(server.token), sources)).toMatchObject({
    params: { channel: "telegram", token: "vault:ada-telegram" },
  });
});

test("/connect sends Creel's own token to nobody", async () => {
  const { needs, sources, services, botServices } = await world();
  const token = botServices.add("telegram", { id: "100000003", name: "creel_bot" });
  const need = await needs(connect, { channel: "telegram" });
  const here = {
    ...{ ...services, creelsToken: async () => token },
    botServices: { whose: async () => expect.fail("It was sent.") },
  };
  const refused = await failing(need?.take(token, { ...sources, services: here }) ?? Promise.resolve());
  expect(refused).toMatchObject({ code: "already-exists", userMessage: expect.stringContaining("Creel's own bot") });
});

test.each([
  ["telegram", true],
  ["discord", false],
])("/connect asks for no token on %s where creel.yaml says it: %s", async (channel, isSaid) => {
  const { needs } = await world([{ channels: { telegram: { token: "env:TOKEN" } } }]);
  expect((await needs(connect, { channel })) === null).toBe(isSaid);
});

test("/configure shows the difference before it is asked for, and says when there is none", async () => {
  const layers: SettingsLayer[] = [];
  const { services } = createWorld({ layers: () => layers });
  const desk = createDeskWorld(() => 1_000, { commands: [configure], services: { layersFor: services.layersFor } });
  const deploy = deployOperation(desk.services);
  await run(deploy, ask(deploy, { name: "ada", provider: null, region: null, size: null }, ada));
  const configureAda = (confirmation: string | null) =>
    desk.desk.submit(owner, { command: "configure", options: { agent: "ada" }, confirmation });
  expect(await configureAda(null)).toMatchObject({
    type: "answer",
    message: { title: "ada has everything that creel.yaml says." },
  });
  layers.push({ workspace: "/somewhere/else" });
  expect(JSON.stringify(await configureAda(null))).toContain("workspace: only a new agent is given one");
  layers.length = 0;
  layers.push({ timeZone: "Europe/Berlin", model: "openai/one" });
  const question =
    "This changes the settings of ada while it serves: model: none → openai/one; timeZone: none → Europe/Berlin.";
  expect(await configureAda(null)).toMatchObject({ type: "confirm", question, expected: ada });
  expect(desk.operations.all.size).toBe(0);
  expect(await configureAda("bob")).toMatchObject({ type: "refused" });
  expect(await configureAda("ada")).toMatchObject({ type: "operation" });
});

test("/disconnect and /model say when they would change nothing", async () => {
  const { registry, sources } = await world();
  const nothing = async (command: Command, options: Record<string, string>) => {
    const reading = readCommand({ command: command.name, options: { agent: "ada", ...options }, confirmation: null }, [
      command,
    ]);
    if (reading.type !== "complete" || reading.request.type !== "operation") return expect.fail("It is no operation.");
    const look = { nowMs: 0, action: () => expect.fail("Nothing is offered.") };
    return (await reading.request.nothingToDo?.(sources, look))?.title ?? null;
  };
  expect(await nothing(disconnect, { channel: "telegram" })).toBe("ada has no bot on Telegram.");
  expect(await nothing(model, { model: "default" })).toBe("ada has no model.");
  expect(await nothing(model, { model: "openai/one" })).toBeNull();
  const chosen = { model: "openai/one", channels: { telegram: { token: "vault:x" } } };
  await registry.put({
    ...agentCalled("ada"),
    settings: { ...NOTHING_KEPT, chosen, applied: mergeLayers([chosen]) },
  });
  expect(await nothing(model, { model: "openai/one" })).toBe("ada has openai/one already.");
  expect(await nothing(model, { model: "openai/one", key: "vault:new" })).toBeNull();
  expect(await nothing(disconnect, { channel: "telegram" })).toBeNull();
});
