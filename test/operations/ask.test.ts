import { describe, expect, it } from "vitest";
import type { MemoryGatewayOptions } from "../../services/gateway/memory.ts";
import { agentSettings } from "../../src/agent-settings/schema.ts";
import { renderOutcome } from "../../src/channels/render/operation.ts";
import { NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import { Secret } from "../../src/core/secrets.ts";
import { ask as kind } from "../../src/operations/ask.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { ask, crashPointsOf, run } from "./crash-points.ts";
import { ada, CANARY, createWorld } from "./world.ts";

const nobody = () => {
  throw new Error("There are no settings.");
};

/** An agent that serves. `model` null: it has none. */
async function serving(
  answer: NonNullable<MemoryGatewayOptions["answer"]>,
  model: string | null = "test/one",
  onStop: (key: string) => void = () => undefined,
) {
  const world = createWorld({ gateway: { answer, onStop }, secret: async () => new Secret(`${CANARY}-key`) });
  const deploy = deployOperation(world.services);
  await run(deploy, ask(deploy, { name: "ada", provider: null, region: null, size: null }, ada));
  const agent = await world.registry.get(ada);
  if (agent === null) throw new Error("There is no agent.");
  const applied = agentSettings.parse({ model, providers: { test: { key: "vault:test" } } });
  await world.registry.put({ ...agent, settings: { ...NOTHING_KEPT, applied } });
  const definition = kind.define(world.services, nobody);
  return { ...world, definition, asked: (message: string) => ask(definition, { agent: "ada", message }, ada) };
}

describe("asking an agent", () => {
  it("tells what it answers, in its words", async () => {
    const { definition, asked } = await serving((_agent, { message }) => `**You** said:\n${message}`);
    const { record } = await run(definition, asked("Hello @everyone"));
    expect(record).toMatchObject({ state: "succeeded", result: { isCut: false } });
    const said = { type: "text", text: "**You** said:\nHello @everyone" };
    expect(renderOutcome(record)).toMatchObject({ title: "ada answers:", blocks: [said], tone: "good" });
  });

  it("says so when it chose to say nothing", async () => {
    const { definition, asked } = await serving(() => " ");
    const { record } = await run(definition, asked("Hello"));
    expect(renderOutcome(record)).toMatchObject({ title: "ada chose to say nothing.", blocks: [] });
  });

  it("keeps no secret of the agent, and of a long answer the beginning", async () => {
    const { definition, asked } = await serving(() => `My key is ${CANARY}-key. ${"x".repeat(60_000)}`);
    const { record } = await run(definition, asked("Hello"));
    const kept = JSON.stringify(record);
    expect(kept).not.toContain(CANARY);
    expect(kept.length).toBeLessThan(20_000);
    expect(record.result).toMatchObject({ isCut: true, answer: expect.stringMatching(/^My key is \[redacted\]/) });
  });

  it.each(crashPointsOf(kind.define(createWorld().services, nobody)))(
    "is the same turn when its worker dies at $step, $moment",
    async (crash) => {
      const turns = new Set<string>();
      let answers = 0;
      const { definition, asked } = await serving((_agent, { key }) => {
        turns.add(key);
        answers += 1;
        return "Hello.";
      });
      const { record, died } = await run(definition, asked("Hello"), { crash });
      expect(died).toBe(true);
      expect((await run(definition, record)).record).toMatchObject({
        state: "succeeded",
        result: { answer: "Hello." },
      });
      expect([turns.size, answers]).toEqual([1, 1]);
    },
  );

  it("is stopped when it is cancelled, and leaves the agent as it was", async () => {
    const { definition, asked, registry } = await serving(() => new Promise<string>(() => undefined));
    const { record } = await run(definition, asked("Hello"), { cancelDuring: "answer" });
    expect(record).toMatchObject({ state: "cancelled", failure: { leftBehind: [expect.stringContaining("ada")] } });
    expect(await registry.get(ada)).toMatchObject({ state: "serving" });
  });

  it("is stopped when it is cancelled after its worker died", async () => {
    const stopped: string[] = [];
    let die: () => void = () => undefined;
    const silence = new Promise<string>((resolve) => {
      die = () => resolve("Too late.");
    });
    const { definition, asked } = await serving(
      () => silence,
      "test/one",
      (key) => stopped.push(key),
    );
    const { record: first } = await run(definition, asked("Hello"), {
      crash: { step: "answer", moment: "before the effect" },
    });
    expect([first.state, stopped]).toEqual(["running", []]);
    for (const crash of [undefined, { step: "quiet", moment: "before the effect" } as const]) {
      const { record } = await run(definition, first, { cancelDuring: "answer", ...(crash ? { crash } : {}) });
      const ended = crash ? (await run(definition, record)).record : record;
      expect(ended).toMatchObject({ state: "cancelled", failure: { leftBehind: [expect.stringContaining("ada")] } });
      expect(stopped.splice(0)).toEqual([`creel-${first.id}`]);
    }
    die();
  });

  it("is refused where nobody could answer, before it is asked for and after", async () => {
    const { definition, asked } = await serving(() => "Hello.", null);
    const standing = { underWay: null, isUndoing: false, worksHere: true };
    const refusal = { code: "wrong-state", hint: "/model agent:ada gives it one." };
    await expect(definition.check?.({ agent: ada, message: "Hello" }, standing)).rejects.toMatchObject(refusal);
    expect((await run(definition, asked("Hello"))).record).toMatchObject({ state: "failed", failure: refusal });
  });
});
