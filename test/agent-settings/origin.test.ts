import { expect, test } from "vitest";
import { lastToSay } from "../../src/agent-settings/origin.ts";

const defaults = { model: "openai/one", channels: { telegram: { token: "vault:bot" } } };

test.each([
  ["the only one", [defaults, {}], "model", 0],
  ["the last one", [defaults, { model: "openai/two" }], "model", 1],
  ["who takes it away", [defaults, { channels: null }], "channels.telegram.token", 1],
  ["not who says something beside it", [defaults, { channels: { discord: {} } }], "channels.telegram.token", 0],
  ["nobody", [defaults, {}], "timeZone", -1],
])("a setting comes from %s", (_, layers, setting, place) => {
  expect(lastToSay(layers, setting)).toBe(place);
});
