import { describe, expect, it } from "vitest";
import { NO_SETTINGS, NOTHING_KEPT } from "../../../src/core/agent-settings.ts";
import { makeOperationId } from "../../../src/core/names.ts";
import type { Operation } from "../../../src/core/operation.ts";
import { type Change, changeOperation, changeSteps } from "../../../src/operations/settings/change.ts";
import { configureChange } from "../../../src/operations/settings/configure.ts";
import { connectChange } from "../../../src/operations/settings/connect.ts";
import { disconnectChange } from "../../../src/operations/settings/disconnect.ts";
import { modelChange } from "../../../src/operations/settings/model.ts";
import type { OfAgent } from "../../../src/operations/settings/undo.ts";
import { told } from "../../../src/operations/words.ts";
import { ask, crashPointsOf, run } from "../crash-points.ts";
import { ada, CANARY } from "../world.ts";
import { ADA_BOT, bob, OTHER_BOT, servingAgent } from "./world.ts";

type World = Awaited<ReturnType<typeof servingAgent>>;

interface Case {
  readonly name: string;
  /** What it does not have to prove. */
  readonly without: readonly string[];
  /** On the way to where the change begins. */
  prepare(world: World): Promise<void>;
  run(world: World, options?: Parameters<World["change"]>[2]): Promise<Operation>;
  goOn(world: World, operation: Operation): Promise<Operation>;
}

function caseOf<Params extends OfAgent>(
  kind: Change<Params>,
  params: Parameters<World["change"]>[1],
  without: readonly string[],
  prepare: Case["prepare"] = async () => undefined,
): Case {
  return {
    ...{ name: kind.kind, without, prepare },
    run: (world, options) => world.change(kind, params, options),
    goOn: (world, operation) => world.goOn(kind, operation),
  };
}

const toOne = { model: "openai/one", key: "vault:openai" };
const connecting = { channel: "telegram", token: "vault:ada-telegram" };
const cases = [
  caseOf(modelChange, { model: "openai/two", key: null }, ["connected"], async (world) => {
    await world.change(modelChange, toOne);
  }),
  caseOf(connectChange, connecting, ["answers"]),
  caseOf(disconnectChange, { channel: "telegram" }, ["answers", "connected"], async (world) => {
    await world.change(connectChange, connecting);
  }),
  caseOf(configureChange, {}, [], async ({ said }) => {
    const providers = { openai: { key: "vault:openai" } };
    said.layers = [
      {
        model: "openai/one",
        providers,
        timeZone: "Europe/Berlin",
        channels: { telegram: { token: "vault:ada-telegram" } },
      },
    ];
  }),
];

/** What holds of the agent, everywhere where it is kept; the same settings in all of them. */
async function truth(world: World) {
  const { current, running, before, kept } = await world.look();
  const record = await world.record();
  const agent = await world.registry.get(ada);
  const serves = agent?.state;
  await using shell = await world.shells.connect(world.host);
  const { state } = await world.gateway.health(shell, 18_789);
  return {
    applied: record?.applied ?? null,
    chosen: record?.chosen,
    bots: record?.bots,
    current,
    running,
    before,
    kept,
    serves,
    change: agent?.change ?? null,
    state,
  };
}

function expectOneTruth(found: Awaited<ReturnType<typeof truth>>) {
  expect(found.running).toEqual(found.current);
  expect(found.before).toBeNull();
  expect(found.current?.settings ?? NO_SETTINGS).toEqual(found.applied);
  expect(found.kept).toMatchObject({ chosen: found.chosen, applied: found.applied });
  expect(found.serves).toBe("serving");
  expect(found.change).toBeNull();
  expect(["ready", "starting"]).toContain(found.state);
}

describe.each(cases)("$name", ({ without, prepare, run, goOn }) => {
  const steps = Object.fromEntries(Object.entries(changeSteps).filter(([step]) => !without.includes(step)));

  async function prepared() {
    const world = await servingAgent();
    await prepare(world);
    return { world, before: await truth(world) };
  }

  it("changes the settings everywhere where they are kept", async () => {
    const { world, before } = await prepared();
    const record = await run(world);
    expect(record.failure).toBeNull();
    const after = await truth(world);
    expectOneTruth(after);
    expect(after.applied).not.toEqual(before.applied);
  });

  it.each(crashPointsOf({ steps }))("survives a worker's death at $step, $moment", async (crash) => {
    const { world } = await prepared();
    const first = await run(world, { crash });
    expect(first.state).toBe("running");
    const { world: undisturbed } = await prepared();
    await run(undisturbed);
    const expected = await truth(undisturbed);
    const record = await goOn(world, first);
    expect(record.failure).toBeNull();
    const after = await truth(world);
    expectOneTruth(after);
    expect(after).toEqual(expected);
    // Repeated or not, it was one turn.
    expect((await world.look()).turns.length).toBeLessThanOrEqual(2);
  });

  it.each(Object.keys(steps))("that is cancelled during %s has gone back, or is through", async (step) => {
    const { world, before } = await prepared();
    const record = await run(world, { cancelDuring: step });
    expect(record.state).toBe("cancelled");
    const after = await truth(world);
    expectOneTruth(after);
    if (step === "settle") {
      expect(record.failure?.leftBehind.join()).toContain("has its new settings");
      expect(after.applied).not.toEqual(before.applied);
    } else expect(after).toEqual({ ...before, kept: after.kept });
  });

  it("that is cancelled goes back also when its worker dies while it does", async () => {
    for (const step of ["survey", "back", "again", "forget"]) {
      for (const moment of ["before the effect", "after the effect, before the checkpoint"] as const) {
        const { world, before } = await prepared();
        const first = await run(world, { cancelDuring: "record", crash: { step, moment } });
        expect(first.failure?.code).toBe("cancelled");
        const record = await goOn(world, first);
        expect(record.state).toBe("cancelled");
        const after = await truth(world);
        expectOneTruth(after);
        expect(after).toEqual({ ...before, kept: after.kept });
      }
    }
  });

  it("keeps no secret on record", async () => {
    const { world } = await prepared();
    const record = await run(world);
    expect(JSON.stringify([record, await world.record()])).not.toContain(CANARY);
    expect(JSON.stringify([record, await world.record()])).not.toContain("canary-of-a-token");
  });
});

describe("a change that does not work", () => {
  async function refused<Params extends OfAgent>(
    world: World,
    kind: Change<Params>,
    params: Parameters<World["change"]>[1],
  ): Promise<Operation["failure"]> {
    const before = await truth(world);
    const record = await world.change(kind, params);
    expect(record.state).toBe("failed");
    const after = await truth(world);
    expectOneTruth(after);
    expect(after).toEqual({ ...before, kept: after.kept });
    expect(record.failure?.leftBehind).toEqual(["ada has the settings it had before."]);
    expect(JSON.stringify(record)).not.toContain(CANARY);
    return record.failure;
  }

  it.each([
    ["a wrong key", { model: "openai/one", key: "vault:wrong" }, "key-refused"],
    ["no key", { model: "openai/one", key: null }, "key-refused"],
    ["a model that is not there", { model: "openai/three", key: "vault:openai" }, "not-found"],
    ["a secret that is not there", { model: "openai/one", key: "vault:nothing" }, "secret-unavailable"],
  ])("because of %s leaves everything as it was", async (_, params, code) => {
    expect(await refused(await servingAgent(), modelChange, params)).toMatchObject({ code });
  });

  it("because the provider is down says so within a minute", async () => {
    const world = await servingAgent();
    world.modelApis.down();
    const failure = await refused(world, modelChange, toOne);
    expect(failure?.userMessage).toContain("openai does not answer");
  });

  it.each([
    ["the bot of another agent", "vault:other-telegram", "already-exists", "@other_bot is the bot of bob"],
    ["Creel's own bot", "vault:creel-telegram", "already-exists", "Creel's own bot"],
    ["something that is no token", "vault:openai", "chat-refused", "no token"],
  ])("because the token is that of %s leaves everything as it was", async (_, token, code, text) => {
    const world = await servingAgent();
    const record = await world.registry.get(ada);
    if (record === null) throw new Error("There is no ada.");
    const settings = { ...record.settings, bots: { telegram: OTHER_BOT, discord: null } };
    await world.registry.put({ ...record, name: bob, settings });
    const failure = await refused(world, connectChange, { channel: "telegram", token });
    expect(failure).toMatchObject({ code, userMessage: expect.stringContaining(text) });
  });

  it("because the token was taken back leaves everything as it was", async () => {
    const world = await servingAgent();
    const token = world.secrets.get("vault:ada-telegram");
    if (token !== undefined) world.bots.revoke(token);
    expect(await refused(world, connectChange, connecting)).toMatchObject({
      code: "chat-refused",
      hint: expect.stringMatching(/\/connect agent:ada channel:telegram token:new asks for another one in private\.$/),
    });
  });

  it("because of a wrong key says how another one is given", async () => {
    const failure = await refused(await servingAgent(), modelChange, { model: "openai/one", key: "vault:wrong" });
    expect(failure?.hint).toMatch(/\/model agent:ada model:openai\/one key:new asks for another one in private\.$/);
  });

  it("because of a fallback's wrong key does not name a command that would give another model", async () => {
    const world = await servingAgent();
    world.said.layers = [
      { model: "free/one", fallbacks: ["openai/one"], providers: { openai: { key: "vault:wrong" } } },
    ];
    const failure = await refused(world, configureChange, {});
    expect(failure).toMatchObject({ code: "key-refused", hint: expect.not.stringContaining("key:new") });
  });

  it("without a token says how to give one, also where creel.yaml says where its service is", async () => {
    const world = await servingAgent();
    world.said.layers = [{ channels: { telegram: { apiRoot: "https://bots.example" } } }];
    const failure = await refused(world, connectChange, { channel: "telegram", token: null });
    expect(failure).toMatchObject({ code: "input-invalid", hint: expect.stringContaining("token:vault:ada-telegram") });
    await world.change(connectChange, connecting);
    const telegram = { token: "vault:ada-telegram", apiRoot: "https://bots.example" };
    expect(await world.record()).toMatchObject({ applied: { channels: { telegram } }, bots: { telegram: ADA_BOT } });
    await world.change(disconnectChange, { channel: "telegram" });
    expect(await world.record()).toMatchObject({
      applied: { channels: { telegram: { ...telegram, token: null } } },
      ...{ chosen: {}, bots: { telegram: null } },
    });
  });

  it("without a token says how to give one", async () => {
    const failure = await refused(await servingAgent(), connectChange, { channel: "discord", token: null });
    expect(failure).toMatchObject({ code: "input-invalid", hint: expect.stringContaining("token:vault:ada-discord") });
  });

  it("because OpenClaw refuses a setting says which", async () => {
    const world = await servingAgent({ complaint: ({ timeZone }) => (timeZone === null ? null : "timeZone: no") });
    world.said.layers = [{ timeZone: "Europe/Berlin" }];
    expect(await refused(world, configureChange, {})).toMatchObject({ userMessage: "timeZone: no" });
  });

  it("because the gateway does not become ready goes back", async () => {
    const world = await servingAgent({ crashes: ({ timeZone }) => timeZone !== null });
    world.said.layers = [{ timeZone: "Europe/Berlin" }];
    expect(await refused(world, configureChange, {})).toMatchObject({ code: "gateway-crashed" });
  });

  it("because the agent cannot answer goes back, and says why", async () => {
    const world = await servingAgent({ silent: ({ model }) => (model === "openai/two" ? "429" : null) });
    await world.change(modelChange, toOne);
    const failure = await refused(world, modelChange, { model: "openai/two", key: null });
    expect(failure?.userMessage).toContain("429");
  });

  it("because only a fallback answers goes back, and says so", async () => {
    const world = await servingAgent({ answeredBy: () => "openai/two" });
    world.said.layers = [{ fallbacks: ["openai/two"] }];
    const failure = await refused(world, modelChange, toOne);
    expect(failure).toMatchObject({
      code: "agent-cannot-answer",
      userMessage: expect.stringContaining("openai/one does not answer: its fallback openai/two did instead."),
    });
  });

  it("because another program reads the bot's messages goes back, and says so", async () => {
    const world = await servingAgent({ apart: () => "another program reads its messages (409)" });
    const failure = await refused(world, connectChange, connecting);
    expect(failure).toMatchObject({ code: "chat-refused", userMessage: expect.stringContaining("(409)") });
  });
});

describe("a change", () => {
  /** 60 KB of settings that OpenClaw takes, with a leaf more for each server. */
  const large = (timeout: number) => ({
    openclaw: {
      mcp: {
        servers: Object.fromEntries(
          Array.from({ length: 200 }, (_, index) => [
            `server-${index}`,
            { url: `https://${"a".repeat(60)}.example/${"b".repeat(200)}`, timeout },
          ]),
        ),
      },
    },
  });

  it("takes settings of 60 KB, and goes back from them", async () => {
    const world = await servingAgent({ crashes: ({ timeZone }) => timeZone !== null });
    world.said.layers = [large(1)];
    expect(JSON.stringify(world.said.layers).length).toBeGreaterThan(60_000);
    const record = await world.change(configureChange, {});
    expect(record.failure).toBeNull();
    expect(await world.record()).toMatchObject({ applied: large(1) });
    expectOneTruth(await truth(world));
    expect(told(record).facts).toContainEqual({ name: "Changed", value: expect.stringMatching(/; and 388 more$/) });
    const before = await truth(world);
    world.said.layers = [{ ...large(2), timeZone: "Europe/Berlin" }];
    const failed = await world.change(configureChange, {});
    expect(failed.failure).toMatchObject({ code: "gateway-crashed" });
    expect(await truth(world)).toEqual({ ...before, kept: expect.anything() });
    expect(JSON.stringify(record).length).toBeLessThan(16_000);
  });

  it("comes to what it began with, whatever creel.yaml says meanwhile", async () => {
    const world = await servingAgent();
    world.said.layers = [{ timeZone: "Europe/Berlin" }];
    const first = await world.change(configureChange, {}, { crash: { step: "put", moment: "before the effect" } });
    world.said.layers = [{ timeZone: "Europe/Paris" }];
    expect((await world.goOn(configureChange, first)).failure).toBeNull();
    expect(await world.record()).toMatchObject({ applied: { timeZone: "Europe/Berlin" } });
    expectOneTruth(await truth(world));
  });

  it("that finds its agent's record written anew goes back, and says so", async () => {
    const world = await servingAgent();
    world.said.layers = [{ timeZone: "Europe/Berlin" }];
    const first = await world.change(configureChange, {}, { crash: { step: "taken", moment: "before the effect" } });
    const agent = await world.registry.get(ada);
    if (agent?.change === undefined) return expect.fail("Nothing is under way.");
    await world.registry.put({ ...agent, change: { ...agent.change, operation: makeOperationId(1, () => 0.5) } });
    const record = await world.goOn(configureChange, first);
    expect(record.failure).toMatchObject({ code: "wrong-state", hint: "Ask for it once more." });
    expect(await world.look()).toMatchObject({ current: null, before: null });
  });

  it("gives a bot to one of two agents that ask at the same time, and tells the other whose it is", async () => {
    const world = await servingAgent();
    const agent = await world.registry.get(ada);
    if (agent === null) return expect.fail("There is no ada.");
    // Both have seen that nobody has it.
    const list = Promise.withResolvers<void>();
    const asked: string[] = [];
    const registry = {
      ...world.registry,
      async list() {
        const found = await world.registry.list();
        asked.push("list");
        if (asked.length === 2) list.resolve();
        await list.promise;
        return found;
      },
    };
    await world.registry.put({ ...agent, name: bob });
    const connect = (name: typeof ada) => {
      const definition = changeOperation({ ...world.ports, registry }, connectChange);
      return run(definition, ask(definition, { agent: name, ...connecting }, name));
    };
    const records = (await Promise.all([connect(ada), connect(bob)])).map(({ record }) => record);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    const [winner, loser] = records[0]?.state === "succeeded" ? records : records.toReversed();
    expect(winner?.state).toBe("succeeded");
    expect(loser?.failure).toMatchObject({
      code: "already-exists",
      userMessage: `@ada_bot is the bot of ${winner?.agent} already.`,
      hint: expect.stringContaining(`/disconnect agent:${winner?.agent} channel:telegram`),
    });
    const other = loser?.agent === "ada" ? ada : bob;
    expect(await world.registry.get(other)).toMatchObject({ settings: { bots: { telegram: null } } });
    expect((await world.registry.get(other))?.change).toBeUndefined();
  });

  it("keeps the bot from before for itself until it is settled", async () => {
    const world = await servingAgent();
    await world.change(connectChange, connecting);
    const agent = await world.registry.get(ada);
    if (agent === null) return expect.fail("There is no ada.");
    const toOther = { channel: "telegram", token: "vault:other-telegram" };
    await world.change(connectChange, toOther, { crash: { step: "settle", moment: "before the effect" } });
    await world.registry.put({ ...agent, name: bob, settings: NOTHING_KEPT });
    const definition = changeOperation(world.ports, connectChange);
    for (const params of [connecting, toOther]) {
      const { record } = await run(definition, ask(definition, { agent: "bob", ...params }, bob));
      expect(record.failure?.code).toBe("already-exists");
    }
  });
});
