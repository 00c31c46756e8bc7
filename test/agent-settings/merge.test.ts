import { describe, expect, it } from "vitest";
import { mergeLayers } from "../../src/agent-settings/merge.ts";
import { channelsGiven, channelsWaiting } from "../../src/core/agent-settings.ts";

describe("what holds of an agent's settings", () => {
  it("is said by the last place that says anything, group by group", () => {
    const defaults = {
      model: "openai/gpt-5.5",
      providers: { openai: { key: "vault:openai" } },
      openclaw: { agents: { defaults: { thinkingDefault: "low", timeoutSeconds: 600 } } },
    };
    const named = { timeZone: "Europe/Berlin", openclaw: { agents: { defaults: { timeoutSeconds: 60 } } } };
    const chosen = {
      model: "lab/qwen3",
      providers: { lab: { baseUrl: "https://llm.example.net/v1", models: ["qwen3"] } },
    };

    expect(mergeLayers([defaults, named, chosen])).toMatchObject({
      model: "lab/qwen3",
      providers: { openai: { key: "vault:openai", api: null }, lab: { key: null, models: ["qwen3"] } },
      timeZone: "Europe/Berlin",
      openclaw: { agents: { defaults: { thinkingDefault: "low", timeoutSeconds: 60 } } },
    });
  });

  it("is taken away by null", () => {
    const defaults = { channels: { telegram: { token: "vault:bot" }, discord: { token: "vault:other" } } };
    expect(mergeLayers([defaults, { channels: { telegram: null } }]).channels).toEqual({
      telegram: null,
      discord: { token: "vault:other", apiRoot: null },
    });
  });

  it("is a channel that waits for its bot's token where one place says only where its service is", () => {
    const own = { channels: { telegram: { apiRoot: "https://bots.example.net" } } };
    const waiting = mergeLayers([own]);
    expect([channelsGiven(waiting), channelsWaiting(waiting)]).toEqual([[], ["telegram"]]);
    const given = mergeLayers([own, { channels: { telegram: { token: "vault:bot" } } }]);
    expect([channelsGiven(given), channelsWaiting(given)]).toEqual([["telegram"], []]);
    expect(given.channels.telegram).toEqual({ token: "vault:bot", apiRoot: "https://bots.example.net" });
  });

  it("is nothing when nobody says anything", () => {
    expect(mergeLayers([])).toMatchObject({
      model: null,
      channels: { telegram: null, discord: null },
      controlUi: false,
    });
  });
});
