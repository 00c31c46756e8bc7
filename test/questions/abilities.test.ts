import { describe, expect, it } from "vitest";
import { mergeLayers } from "../../src/agent-settings/merge.ts";
import type { Bot, SettingsLayer } from "../../src/core/agent-settings.ts";
import { NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import type { AgentStatus } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Message } from "../../src/core/message.ts";
import { originsOf } from "../../src/fleet/origins.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { agentCalled } from "../desk/world.ts";
import { statusOf } from "../fleet/statuses.ts";

const look = {
  nowMs: 0,
  action: (line: string) => ({ label: line, tone: "plain", does: { type: "command", line } }) as const,
};

function shown(layer: SettingsLayer, channels: AgentStatus["channels"] = [], telegram: Bot | null = null): Message {
  const settings = { ...NOTHING_KEPT, applied: mergeLayers([layer]), bots: { telegram, discord: null } };
  return showStatus([statusOf("ada", { agent: agentCalled("ada", { settings }), channels })], look);
}

function fieldsOf({ blocks }: Message): Readonly<Record<string, string>> {
  const fields = blocks.flatMap((block) => (block.type === "fields" ? block.fields : []));
  return Object.fromEntries(fields.map(({ name, value }) => [name, value]));
}

const labels = ({ actions }: Message) => actions.map(({ label }) => label);
const token = "vault:ada-telegram";

describe("what /status says an agent can do", () => {
  it("is nothing without a model, and the command that gives it one is offered", () => {
    const message = shown({});
    expect(JSON.stringify(message.blocks)).toContain("It has no model yet, so it cannot answer.");
    expect(labels(message)).toContain("/model agent:ada");
  });

  it("is to answer who asks through Creel, as long as no bot is connected", () => {
    const message = shown({ model: "openai/gpt-5.5" });
    expect(fieldsOf(message)).toMatchObject({ Model: "openai/gpt-5.5" });
    expect(labels(message)).toContain("/connect agent:ada");
  });

  it("names the bot with how it is", () => {
    const connected = [{ channel: "telegram", state: "connected" }] as const;
    const message = shown({ model: "openai/gpt-5.5", channels: { telegram: { token } } }, connected, {
      id: "7",
      name: "ada_bot",
    });
    expect(fieldsOf(message)).toMatchObject({ Telegram: "@ada_bot, connected" });
    expect(labels(message)).toEqual([]);
  });

  it("names the channel whose bot's token nobody has given yet", () => {
    const message = shown({ model: "openai/gpt-5.5", channels: { telegram: { apiRoot: "https://bots.example" } } });
    expect(fieldsOf(message)).toMatchObject({ Telegram: "its bot's token is missing" });
    expect(labels(message)).toEqual(["/connect agent:ada channel:telegram"]);
  });

  it("is not known of an agent that was adopted without a look into its host, and it is said what helps", () => {
    const message = showStatus([statusOf("ada", { agent: agentCalled("ada", { isUnread: true }) })], look);
    expect(JSON.stringify(message.blocks)).toContain("has not been read from its host since it was adopted");
    expect(labels(message)).toEqual(["/configure agent:ada"]);
  });

  describe("and where that comes from", () => {
    const asked = async (layers: readonly SettingsLayer[], chosen: SettingsLayer, applied: SettingsLayer) => {
      const settings = { ...NOTHING_KEPT, chosen, applied: mergeLayers([applied]) };
      const agent = agentCalled("ada", { settings });
      const origins = await originsOf({ layersFor: async () => layers }, agent);
      return showStatus([statusOf("ada", { agent, channels: [] })], look, [], origins);
    };
    const [one, two] = [{ model: "openai/one" }, { model: "openai/two" }];

    it.each([
      ["agents.defaults", [one, {}], {}, "openai/one, from agents.defaults"],
      ["agents.named", [two, one], {}, "openai/one, from agents.named.ada"],
      ["a command", [{}, {}], one, "openai/one, chosen by command"],
    ])("is said of a model from %s", async (_, layers, chosen, field) => {
      expect(fieldsOf(await asked(layers, chosen, one))).toMatchObject({ Model: field });
    });

    it("is said with what wins, and the way back", async () => {
      const message = await asked(
        [two, { channels: { telegram: { token } } }],
        { ...one, channels: { telegram: null } },
        one,
      );
      const said = message.blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
      expect(said).toEqual(
        expect.arrayContaining([
          "model: openai/one, chosen by command, wins over openai/two in creel.yaml.",
          "channels.telegram.token: none, chosen by command, wins over vault:ada-telegram in creel.yaml.",
          "/model agent:ada model:default goes back to creel.yaml.",
          "/connect agent:ada channel:telegram goes back to creel.yaml.",
        ]),
      );
    });

    it("is said of what creel.yaml says otherwise by now, with what hands it over", async () => {
      const message = await asked([{ ...two, timeZone: "Europe/Berlin" }], {}, one);
      expect(fieldsOf(message)).toMatchObject({ Model: "openai/one" });
      expect(JSON.stringify(message.blocks)).toContain("creel.yaml says otherwise by now: model, timeZone.");
      expect(labels(message)).toContain("/configure agent:ada");
    });

    it("is not said while creel.yaml cannot be read", async () => {
      const agent = agentCalled("ada", { settings: { ...NOTHING_KEPT, applied: mergeLayers([one]) } });
      const layersFor = async () =>
        Promise.reject(new OpsError({ code: "config-invalid", userMessage: "It is torn." }));
      expect(await originsOf({ layersFor }, agent)).toBeNull();
    });
  });

  it("is told of several agents where one has no model, which is no illness", () => {
    const agentWith = (name: string, layer: SettingsLayer) =>
      statusOf(name, { agent: agentCalled(name, { settings: { ...NOTHING_KEPT, applied: mergeLayers([layer]) } }) });
    const bob = agentWith("bob", { model: "openai/gpt-5.5" });
    const message = showStatus([agentWith("ada", {}), bob, statusOf("cleo")], look);
    expect(message).toMatchObject({ title: "3 agents, all well.", tone: "good", actions: [] });
    const lists = message.blocks.flatMap((block) => (block.type === "list" ? [[block.title, block.items]] : []));
    expect(lists).toContainEqual(["Not set up yet", ["ada has no model yet: /model agent:ada"]]);
    const briefs = message.blocks.flatMap((block) => (block.type === "table" ? (block.brief ?? []) : []));
    expect(briefs.map(({ rest }) => rest)).toEqual([
      "ready · no model",
      "ready · up 1 h 2 min",
      "ready · up 1 h 2 min",
    ]);
  });

  it("is not known while the gateway does not tell of its channels", () => {
    const layer = { model: "openai/gpt-5.5", channels: { telegram: { token } } };
    expect(fieldsOf(shown(layer, null, { id: "7", name: "ada_bot" }))).toMatchObject({ Telegram: "@ada_bot, –" });
  });

  it("is not known of an agent that an older Creel has deployed", () => {
    const message = showStatus([statusOf("ada")], look);
    expect(labels(message)).toEqual([]);
  });
});
