import { describe, expect, it } from "vitest";
import type { SettingsLayer } from "../../../src/core/agent-settings.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { deployOperation } from "../../../src/operations/deploy/deploy.ts";
import { ask, run } from "../crash-points.ts";
import { ada, CANARY, createWorld } from "../world.ts";

const KEY = new Secret(`${CANARY}-key`);

async function deployed(layer: SettingsLayer) {
  const world = createWorld({
    layers: () => [layer],
    models: { openai: { keys: [KEY], models: ["one"] } },
    secret: async (ref) => (ref === "env:KEY" ? KEY : token),
  });
  const token = world.botServices.add("telegram", { id: "100000001", name: "ada_bot" });
  const definition = deployOperation(world.services);
  const asked = ask(definition, { name: "ada", provider: null, region: null, size: null }, ada);
  return { ...world, token, ...(await run(definition, asked)) };
}

describe("a deploy with settings", () => {
  const good = {
    model: "openai/one",
    providers: { openai: { key: "env:KEY" } },
    channels: { telegram: { token: "env:TOKEN" } },
  };

  it("goes ahead when its services take what creel.yaml refers to", async () => {
    expect((await deployed(good)).record.failure).toBeNull();
  });

  it.each([
    ["a key that its provider does not take", { ...good, providers: { openai: { key: "env:OTHER" } } }, "key-refused"],
    ["a model that its provider does not have", { ...good, model: "openai/two" }, "not-found"],
    ["no token of a bot", { ...good, channels: { telegram: { token: "env:KEY" } } }, "chat-refused"],
  ])("makes no host for an agent with %s", async (_, layer, code) => {
    const { record, provider } = await deployed(layer);
    expect(record.failure).toMatchObject({ code });
    expect(provider.made()).toEqual([]);
    expect(JSON.stringify(record)).not.toContain(CANARY);
  });
});
