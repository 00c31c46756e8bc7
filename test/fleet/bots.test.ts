import { describe, expect, it } from "vitest";
import type { ChannelLook } from "../../services/gateway/talk.ts";
import { mergeLayers } from "../../src/agent-settings/merge.ts";
import { NOTHING_KEPT, type SettingsLayer } from "../../src/core/agent-settings.ts";
import { type AgentHealth, lookAgain, UNSEEN } from "../../src/fleet/health.ts";
import { inspectAgent } from "../../src/fleet/inspect.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { ask, run } from "../operations/crash-points.ts";
import { ada, createWorld } from "../operations/world.ts";

const operations = { get: async () => null, recent: async () => [] };
const bots = { telegram: { id: "7", name: "ada_bot" }, discord: null };
const withTelegram: SettingsLayer = { channels: { telegram: { token: "vault:ada-telegram" } } };
const telegram = (state: ChannelLook["state"], why: string | null = null): ChannelLook => ({
  ...{ channel: "telegram", state, bot: null, why },
});
const failed = telegram("failed", "401: Unauthorized");

/** An agent whose gateway says `tells` of its channels; null: it does not tell. */
async function agentWith(layer: SettingsLayer) {
  let tells: readonly ChannelLook[] | null = [];
  const world = createWorld({ gateway: { channels: () => tells } });
  const definition = deployOperation(world.services);
  const { record } = await run(
    definition,
    ask(definition, { name: "ada", provider: null, region: null, size: null }, ada),
  );
  expect(record.state).toBe("succeeded");
  const deployed = await world.registry.get(ada);
  if (deployed === null) throw new Error("There is no agent.");
  const agent = { ...deployed, settings: { ...NOTHING_KEPT, applied: mergeLayers([layer]), bots } };
  let health: AgentHealth = UNSEEN;
  const inspect = async (says: readonly ChannelLook[] | null) => {
    tells = says;
    return await inspectAgent(world.services, operations, agent, () => 0);
  };
  return {
    inspect,
    /** `times` looks in a row; the concern after them. */
    async look(says: readonly ChannelLook[] | null, times = 1) {
      for (let look = 0; look < times; look += 1) health = lookAgain(health, await inspect(says), look);
      return health.concern;
    },
  };
}

describe("an agent with a bot", () => {
  it.each([
    ["is refused", [failed], "Its bot @ada_bot on Telegram is not connected: 401: Unauthorized."],
    ["has a token that was revoked", [failed], "/connect agent:ada channel:telegram token:new asks for another one."],
    ["is not there", [], "Its bot @ada_bot on Telegram is not running there any more; /configure agent:ada sets it up"],
    ["is switched off", [telegram("off")], "Its bot @ada_bot on Telegram is not running there any more; /configure"],
  ])("whose bot %s is not well", async (_title, says, words) => {
    const agent = await agentWith(withTelegram);
    expect((await agent.inspect(says)).note).toContain(words);
    expect(await agent.look(says)).toBeNull();
    expect(await agent.look(says)).toMatchObject({ type: "ailing", note: expect.stringContaining(words) });
    expect(await agent.look([telegram("connected")])).toBeNull();
  });

  it("that does not tell how its bot is ends no concern, and begins none", async () => {
    const agent = await agentWith(withTelegram);
    expect(await agent.inspect(null)).toMatchObject({ gateway: "ready", channels: null, note: null });
    expect(await agent.look(null, 9)).toBeNull();
    const concern = await agent.look([failed], 2);
    expect(concern).toMatchObject({ type: "ailing" });
    expect(await agent.look(null, 9)).toBe(concern);
    expect(await agent.look([telegram("connected")])).toBeNull();
  });

  it("whose bot connects is well for two looks, and no longer", async () => {
    const agent = await agentWith(withTelegram);
    const connecting = [telegram("connecting")];
    expect((await agent.inspect(connecting)).note).toBeNull();
    expect(await agent.look(connecting, 2)).toBeNull();
    expect(await agent.look([telegram("connected")])).toBeNull();
    expect(await agent.look(connecting, 2)).toBeNull();
    const note = "Its bot @ada_bot on Telegram does not connect.";
    const concern = await agent.look(connecting);
    expect(concern).toMatchObject({ type: "ailing", note });
    expect(await agent.look(connecting, 9)).toBe(concern);
    expect(await agent.look([telegram("connected")])).toBeNull();
  });
});

describe("an agent without a bot", () => {
  it("is well whether it tells of channels or not", async () => {
    const agent = await agentWith({});
    expect(await agent.look(null, 9)).toBeNull();
    expect(await agent.look([telegram("off")], 9)).toBeNull();
  });

  it("is not well with another channel that is refused, and a look that fails changes nothing about that", async () => {
    const agent = await agentWith({ openclaw: { channels: { matrix: { enabled: true } } } });
    const concern = await agent.look([{ ...failed, channel: "matrix" }], 2);
    expect(concern).toMatchObject({ note: "Its bot on matrix is not connected: 401: Unauthorized." });
    expect(await agent.look(null, 9)).toBe(concern);
    // What a plugin of another make calls connecting may be all it ever does.
    expect(await agent.look([{ ...telegram("connecting"), channel: "matrix" }])).toBeNull();
  });
});
