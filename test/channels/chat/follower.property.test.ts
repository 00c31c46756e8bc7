import fc from "fast-check";
import { expect, test } from "vitest";
import { renderOutcome, renderProgressBriefly } from "../../../src/channels/render/operation.ts";
import { OpsError } from "../../../src/core/errors.ts";
import type { Message } from "../../../src/core/message.ts";
import {
  describeStep,
  fail,
  failStep,
  failureFrom,
  finishStep,
  type Operation,
  start,
  startStep,
  succeed,
} from "../../../src/core/operation.ts";
import { unavailable } from "./memory-chat.ts";
import { createChatWorld, here, STEP_COUNT, startProcess } from "./world.ts";

type Change = (operation: Operation, nowMs: number) => Operation;

const step = fc.nat(STEP_COUNT - 1).map((index) => `step-${index}`);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((operation, nowMs) => start(operation, nowMs)),
  step.map(
    (name): Change =>
      (operation, nowMs) =>
        startStep(operation, name, nowMs),
  ),
  step.map(
    (name): Change =>
      (operation, nowMs) =>
        finishStep(operation, name, null, nowMs),
  ),
  step.map(
    (name): Change =>
      (operation, nowMs) =>
        failStep(operation, name, nowMs),
  ),
  fc.tuple(step, fc.string()).map(
    ([name, detail]): Change =>
      (operation) =>
        describeStep(operation, name, detail),
  ),
);
const ending: fc.Arbitrary<Change> = fc.constantFrom<Change>(
  (operation, nowMs) => succeed(operation, null, nowMs),
  (operation, nowMs) =>
    fail(operation, failureFrom(new OpsError({ code: "capacity", userMessage: "The disk is full." })), nowMs),
  (operation, nowMs) =>
    fail(operation, failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." })), nowMs),
);
const weather = fc.constantFrom("fine", "fine", "away", "slow", "forgetful", "restart");
const moment = fc.record({ change, weather, afterMs: fc.oneof(fc.constant(0), fc.nat(4_000), fc.nat(90_000)) });
const paces = fc.record({ gapMs: fc.nat(3_000), perMinute: fc.integer({ min: 5, max: 60 }) });

/** A step that was still running at the end is as old as its drawing. */
function withoutTimes({ title, blocks }: Message) {
  const timeless = blocks.map((block) =>
    block.type === "steps" ? { ...block, steps: block.steps.map((one) => ({ ...one, time: null })) } : block,
  );
  return { title, blocks: timeless };
}

test("any changes in any weather end with the final state and one outcome", async () => {
  await fc.assert(
    fc.asyncProperty(paces, fc.array(moment, { maxLength: 40 }), ending, async (pace, moments, end) => {
      const world = createChatWorld({ pace });
      const { server, clock, operations } = world;
      let process = startProcess(world);
      const operation = await world.ask();
      process.follower.follow(operation);
      for (const { change, weather, afterMs } of moments) {
        server.down = weather === "away" ? unavailable() : null;
        if (weather === "slow") server.limitFor(7_000);
        if (weather === "forgetful") server.losesAnswers = 1;
        if (weather === "restart") {
          const closed = process.follower.close();
          await clock.advance(2_000);
          process.outbox.stop();
          await closed;
          process = startProcess(world);
        }
        operations.change(operation.id, (one) => change(one, clock.now()));
        await clock.advance(afterMs);
      }
      server.down = null;
      operations.change(operation.id, (one) => end(one, clock.now()));
      await clock.advance(3 * 60_000);

      const ended = (await operations.get(operation.id)) ?? operation;
      const [status, outcome, ...more] = server.messages(here);
      expect(more).toEqual([]);
      expect(status && withoutTimes(status.message)).toMatchObject(withoutTimes(renderProgressBriefly(ended, 0)));
      expect(status?.message).toMatchObject({ actions: [], presses: [] });
      expect(outcome?.message).toMatchObject({ title: renderOutcome(ended).title });
      expect(await operations.untold("discord")).toEqual([]);
      expect(server.breaches).toEqual([]);
      expect(world.errors).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
