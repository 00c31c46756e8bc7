import { afterEach, beforeEach, expect, test } from "vitest";
import { renderOutcome } from "../../../src/channels/render/operation.ts";
import { OpsError } from "../../../src/core/errors.ts";
import {
  beginUndo,
  fail,
  failureFrom,
  isEnded,
  type Operation,
  start,
  startStep,
  stick,
} from "../../../src/core/operation.ts";
import { type ChatWorld, createChatWorld, here, mo, startProcess } from "./world.ts";

let world: ChatWorld;
beforeEach(() => {
  world = createChatWorld();
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
  expect(world.errors).toEqual([]);
});

const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }));
const left = { ...cancelled, leftBehind: ["Host ada-1 may exist."], nextCommands: ["/retry operation:x"] };
const undo = [{ name: "remove", title: "Remove the host" }];
const again = { actor: mo, place: here };

/** As a worker would that gets no further. */
function getStuck({ operations, clock }: ChatWorld, { id }: Operation): void {
  operations.change(id, (operation) => beginUndo(start(operation, clock.now()), cancelled, undo, clock.now()));
  operations.change(id, (operation) => startStep(operation, "remove", clock.now()));
  operations.change(id, (operation) => stick(operation, left, clock.now()));
}

function goOn({ operations, clock }: ChatWorld, { id }: Operation): void {
  operations.change(id, (operation) => start(operation, clock.now()));
  operations.change(id, (operation) => fail(operation, cancelled, clock.now()));
}

/** The titles of everything that is there now, but of the newest first. */
const titles = () => world.server.messages(here).map(({ message }) => message.title);

test("what comes of going on with one that was stuck is told anew, also within the minutes in which a chat knows keys again", async () => {
  const { follower } = startProcess(world);
  const operation = await world.ask();
  follower.follow(operation);
  await world.clock.advance(2_000);
  getStuck(world, operation);
  await world.clock.advance(10_000);
  expect(titles().filter((title) => title.includes("is stuck"))).not.toEqual([]);
  follower.follow(await world.operations.resume(operation.id, again));
  await world.clock.advance(2_000);
  goOn(world, operation);
  await world.clock.advance(10_000);
  const ended = world.operations.all.get(operation.id);
  if (ended === undefined || !isEnded(ended)) throw new Error("it has not ended");
  expect(world.server.messages(here).at(-1)).toMatchObject({ notify: mo, message: renderOutcome(ended) });
  expect(await world.operations.untold("discord")).toEqual([]);
});

test("it is told as well when somebody goes on with it before the chat has shown all of its first end", async () => {
  const { follower } = startProcess(world);
  const operation = await world.ask();
  follower.follow(operation);
  await world.clock.advance(2_000);
  world.server.limitFor(30_000, "edit");
  getStuck(world, operation);
  await world.clock.advance(5_000);
  expect(titles().at(-1)).toContain("is stuck");
  follower.follow(await world.operations.resume(operation.id, again));
  await world.clock.advance(60_000);
  goOn(world, operation);
  await world.clock.advance(10_000);
  expect(titles().at(-1)).toMatch(/^Deploying ada was cancelled; cleaning up has ended after/);
  expect(await world.operations.untold("discord")).toEqual([]);
});

test("it is told as well when Creel had died with the note that the first end was told", async () => {
  const operation = await world.ask();
  const dying = startProcess(world, {
    operations: { ...world.operations, told: () => new Promise<never>(() => undefined) },
  });
  dying.follower.follow(operation);
  await world.clock.advance(2_000);
  getStuck(world, operation);
  await world.clock.advance(10_000);
  dying.outbox.stop();
  // Longer than a chat knows keys again.
  await world.clock.advance(400_000);
  const { follower } = startProcess(world);
  follower.follow(await world.operations.resume(operation.id, again));
  await world.clock.advance(2_000);
  goOn(world, operation);
  await world.clock.advance(10_000);
  expect(titles().at(-1)).toMatch(/^Deploying ada was cancelled; cleaning up has ended after/);
  expect(await world.operations.untold("discord")).toEqual([]);
});
