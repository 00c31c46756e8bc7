import { describe, expect, it } from "vitest";
import { configureChange } from "../../../src/operations/settings/configure.ts";
import { connectChange } from "../../../src/operations/settings/connect.ts";
import { disconnectChange } from "../../../src/operations/settings/disconnect.ts";
import { modelChange } from "../../../src/operations/settings/model.ts";
import { ADA_BOT, servingAgent } from "./world.ts";

const toOne = { model: "openai/one", key: "vault:openai" };

describe("what was chosen by command", () => {
  it("wins over creel.yaml, and it is said so", async () => {
    const world = await servingAgent();
    world.said.layers = [{ model: "openai/two", providers: { openai: { key: "vault:openai" } } }];
    const record = await world.change(modelChange, { model: "openai/one", key: null });
    expect(await world.record()).toMatchObject({ applied: { model: "openai/one" } });
    expect(record.result).toMatchObject({
      answer: "Hello from openai/one. [redacted]",
      overrides: [
        "model: openai/one, chosen by command, wins over openai/two in creel.yaml.",
        "/model agent:ada model:default goes back to creel.yaml.",
      ],
    });
  });

  it("can be given up for what creel.yaml says", async () => {
    const world = await servingAgent();
    await world.change(modelChange, toOne);
    world.said.layers = [{ model: "openai/two", providers: { openai: { key: "vault:openai" } } }];
    await world.change(modelChange, { model: null, key: null });
    expect(await world.record()).toMatchObject({ chosen: {}, applied: { model: "openai/two" } });
  });

  it("takes a bot away that creel.yaml gives, and brings it back", async () => {
    const world = await servingAgent();
    world.said.layers = [{ channels: { telegram: { token: "vault:ada-telegram" } } }];
    await world.change(configureChange, {});
    expect((await world.record())?.bots.telegram).toEqual(ADA_BOT);
    await world.change(disconnectChange, { channel: "telegram" });
    expect(await world.record()).toMatchObject({ applied: { channels: { telegram: null } }, bots: { telegram: null } });
    const record = await world.change(connectChange, { channel: "telegram", token: null });
    expect(record.result).toMatchObject({ bots: { telegram: "ada_bot" } });
    expect(await world.record()).toMatchObject({ chosen: {}, bots: { telegram: ADA_BOT } });
  });
});
