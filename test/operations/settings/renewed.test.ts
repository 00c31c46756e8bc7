import { describe, expect, it } from "vitest";
import { mergeLayers } from "../../../src/agent-settings/merge.ts";
import type { SettingsLayer } from "../../../src/core/agent-settings.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { configureChange } from "../../../src/operations/settings/configure.ts";
import { modelChange } from "../../../src/operations/settings/model.ts";
import { ada, CANARY } from "../world.ts";
import { ADA_BOT, bob, OTHER_BOT, servingAgent } from "./world.ts";

/** An agent with a model and a bot, both of which creel.yaml says. */
async function connectedAgent() {
  const world = await servingAgent();
  world.said.layers = [
    {
      model: "openai/one",
      providers: { openai: { key: "vault:openai" } },
      channels: { telegram: { token: "vault:ada-telegram" } },
    },
  ];
  expect((await world.change(configureChange, {})).failure).toBeNull();
  return world;
}
type World = Awaited<ReturnType<typeof connectedAgent>>;

/** What the gateway works with. */
async function valuesAt(world: World) {
  const { current, running } = await world.look();
  expect(running).toEqual(current);
  return running?.values;
}

describe("/configure, of secrets that have other values under the names they had", () => {
  it("proves the new ones, and knows the new bot", async () => {
    const world = await connectedAgent();
    const other = world.secrets.get("vault:other-telegram");
    world.secrets.set("vault:ada-telegram", other ?? expect.fail());
    const record = await world.change(configureChange, {});
    expect(record).toMatchObject({ failure: null, result: { bots: { telegram: OTHER_BOT.name } } });
    expect((await world.record())?.bots.telegram).toEqual(OTHER_BOT);
    const done = record.steps.flatMap(({ name, state }) => (state === "done" ? [name] : []));
    expect(done).toContain("connected");
    expect(done).not.toContain("answers");
    expect((await valuesAt(world))?.["vault:ada-telegram"]).toBe(other?.reveal());
  });

  it("does not take the bot of another agent", async () => {
    const world = await connectedAgent();
    const agent = (await world.registry.get(ada)) ?? expect.fail();
    await world.registry.put({
      ...agent,
      name: bob,
      settings: { ...agent.settings, bots: { telegram: OTHER_BOT, discord: null } },
    });
    const before = await valuesAt(world);
    world.secrets.set("vault:ada-telegram", world.secrets.get("vault:other-telegram") ?? expect.fail());
    expect(await world.change(configureChange, {})).toMatchObject({ failure: { code: "already-exists" } });
    expect(await valuesAt(world)).toEqual(before);
    expect((await world.record())?.bots.telegram).toEqual(ADA_BOT);
  });

  it("does not take a key that the provider refuses", async () => {
    const world = await connectedAgent();
    const before = await valuesAt(world);
    world.secrets.set("vault:openai", new Secret(`${CANARY}-wrong`));
    expect(await world.change(configureChange, {})).toMatchObject({ failure: { code: "key-refused" } });
    expect(await valuesAt(world)).toEqual(before);
  });

  it("proves nothing of what is as it was", async () => {
    const world = await connectedAgent();
    const turns = (await world.look()).turns.length;
    world.modelApis.down();
    expect((await world.change(configureChange, {})).failure).toBeNull();
    expect((await world.look()).turns).toHaveLength(turns);
  });
});

describe("/model, of keys that were chosen with a model", () => {
  const chosen = { model: "openai/one", providers: { openai: { key: "vault:openai" } } };
  async function providersAfter(model: string | null, layer: SettingsLayer) {
    const { ports } = await servingAgent();
    const said = mergeLayers([layer]);
    return modelChange.choose(ports, { agent: ada, model, key: null })(chosen, said).providers;
  }

  it.each([
    ["takes away one that is for another provider", "lab/x", {}, undefined],
    ["keeps the one of the same provider", "openai/two", {}, { openai: { key: "vault:openai" } }],
    ["keeps one that a fallback needs", "lab/x", { fallbacks: ["openai/two"] }, { openai: { key: "vault:openai" } }],
    ["keeps one that what creel.yaml says needs", null, { model: "openai/two" }, { openai: { key: "vault:openai" } }],
    [
      "takes away one where creel.yaml says another",
      null,
      { model: "openai/two", providers: { openai: { key: "env:KEY" } } },
      undefined,
    ],
  ])("%s", async (_, model, layer, expected) => {
    const lab = { providers: { lab: { baseUrl: "http://lab.example/v1" } } };
    expect(await providersAfter(model, { ...lab, ...layer })).toEqual(expected);
  });
});
