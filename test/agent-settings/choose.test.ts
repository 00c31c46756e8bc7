import { describe, expect, it } from "vitest";
import { choose, unchoose } from "../../src/agent-settings/choose.ts";
import { concernChannel, concernModel, differences, inWords } from "../../src/agent-settings/differences.ts";
import { mergeLayers } from "../../src/agent-settings/merge.ts";

describe("what is chosen by command", () => {
  it("grows with every choice, group by group", () => {
    const first = choose({}, { model: "openai/gpt-5.5", providers: { openai: { key: "vault:openai" } } });
    expect(choose(first, { providers: { groq: { key: "vault:groq" } }, model: "groq/llama" })).toEqual({
      model: "groq/llama",
      providers: { openai: { key: "vault:openai" }, groq: { key: "vault:groq" } },
    });
  });

  it("keeps what takes away what creel.yaml says", () => {
    const chosen = choose({ channels: { telegram: { token: "vault:a" } } }, { channels: { telegram: null } });
    expect(chosen).toEqual({ channels: { telegram: null } });
    const said = { channels: { telegram: { token: "vault:b" } } };
    expect(mergeLayers([said, chosen]).channels.telegram).toBeNull();
  });

  it("can be taken back, with the groups that are empty then", () => {
    const chosen = { model: "a/b", channels: { telegram: { token: "vault:a" }, discord: { token: "vault:b" } } };
    const one = unchoose(chosen, ["channels", "telegram"]);
    expect(one).toEqual({ model: "a/b", channels: { discord: { token: "vault:b" } } });
    expect(unchoose(one, ["channels", "discord"])).toEqual({ model: "a/b" });
    expect(unchoose(chosen, ["channels", "telegram", "token", "deeper"])).toEqual(chosen);
    expect(unchoose(chosen, ["providers", "openai"])).toEqual(chosen);
  });
});

describe("differences of settings", () => {
  const said = {
    model: "openai/gpt-5.5",
    providers: { openai: { key: "vault:openai" } },
    openclaw: { agents: { defaults: { timeoutSeconds: 600, heartbeat: false } } },
  };
  const before = mergeLayers([said]);

  it("are told by path, with what was and what will be", () => {
    const after = mergeLayers([
      {
        model: "openai/gpt-5.4",
        providers: { openai: { key: "vault:openai" } },
        channels: { telegram: { token: "vault:ada-telegram" } },
        fallbacks: ["groq/a", "groq/b"],
        openclaw: { agents: { defaults: { timeoutSeconds: 600 } } },
      },
    ]);
    expect(differences(before, after).map(inWords)).toEqual([
      "channels.telegram.token: none → vault:ada-telegram",
      "fallbacks: none → groq/a, groq/b",
      "model: openai/gpt-5.5 → openai/gpt-5.4",
      "openclaw.agents.defaults.heartbeat: false → none",
    ]);
  });

  it("are none of a workspace, which only new agents are given", () => {
    expect(differences(before, { ...before, workspace: "/srv/ada" })).toEqual([]);
  });

  it("from nothing are everything that is set", () => {
    expect(differences(null, before)).toHaveLength(4);
    expect(differences(null, mergeLayers([]))).toEqual([]);
  });

  it("know what they are about", () => {
    const model = differences(before, { ...before, model: "openai/gpt-5.4" });
    const channel = differences(before, mergeLayers([said, { channels: { discord: { token: "vault:b" } } }]));
    expect([concernModel(model), concernChannel(model, "discord")]).toEqual([true, false]);
    expect([concernModel(channel), concernChannel(channel, "discord")]).toEqual([false, true]);
    const openclaws = [{ setting: "openclaw.channels.discord.intents.guildMembers" }];
    expect([concernChannel(openclaws, "discord"), concernChannel(openclaws, "telegram")]).toEqual([true, false]);
    expect(concernChannel(channel, "telegram")).toBe(false);
  });
});
