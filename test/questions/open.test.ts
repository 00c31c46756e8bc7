import { expect, test } from "vitest";
import { NO_SETTINGS, NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import { agentCalled, createDeskWorld, owner } from "../desk/world.ts";

const world = createDeskWorld(() => 1_000);

async function open(agent: string) {
  const reply = await world.desk.submit(owner, { command: "open", options: { agent }, confirmation: null });
  return reply.type === "answer" ? reply.message : reply;
}

test("the way to a page that is on is a command to type, and no link", async () => {
  const applied = { ...NO_SETTINGS, controlUi: true };
  await world.registry.put(agentCalled("ada", { settings: { ...NOTHING_KEPT, applied } }));
  const answer = await open("ada");
  expect(answer).toMatchObject({ title: "Type creel open ada on the machine where Creel runs.", private: true });
  expect(JSON.stringify(answer)).not.toContain("http");
});

test.each([
  ["off", NO_SETTINGS],
  ["not known", null],
])("a page that is %s is said to be off, with what switches it on", async (_, applied) => {
  await world.registry.put(agentCalled("ada", { settings: { ...NOTHING_KEPT, applied } }));
  const answer = await open("ada");
  expect(answer).toMatchObject({ title: "The page of ada is switched off." });
  expect(JSON.stringify(answer)).toContain(
    "Say controlUi: true for ada under agents in creel.yaml, then /configure agent:ada. Then type creel open ada on the machine where Creel runs.",
  );
});

test("there is no page of an agent that is not there", async () => {
  expect(await open("eve")).toMatchObject({ error: { code: "not-found" } });
});
