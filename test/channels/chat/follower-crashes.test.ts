import { expect, test } from "vitest";
import { renderOutcome, renderProgress } from "../../../src/channels/render/operation.ts";
import { createLife } from "./life.ts";
import { type ChatWorld, createChatWorld, here, startProcess, work } from "./world.ts";

/** What happens around the operation, apart from the crash. */
interface Story {
  readonly name: string;
  readonly threads: boolean;
  /** The next process comes only after the operation has ended. */
  readonly isLate: boolean;
  readonly meanwhile: (world: ChatWorld) => void;
}

const stories: Story[] = [
  { name: "a plain deploy", threads: false, isLate: false, meanwhile: () => undefined },
  { name: "a deploy that ends meanwhile", threads: false, isLate: true, meanwhile: () => undefined },
  { name: "a deploy with a thread", threads: true, isLate: false, meanwhile: () => undefined },
  {
    name: "a deploy whose status message is deleted",
    threads: false,
    isLate: false,
    meanwhile: ({ server }) => server.messages(here).forEach(({ id }) => void server.delete(id)),
  },
];

/** @returns whether the first process was killed. */
async function killedAt(point: number, story: Story): Promise<boolean> {
  const world = createChatWorld({ threads: story.threads });
  const { clock, server, memory, operations } = world;
  const life = createLife(point);
  const operation = await world.ask();
  const first = startProcess(world, {
    chat: life.chat(server.connect()),
    memory: life.memory(memory),
    operations: life.feed(operations),
    clock: { ...clock, ...life.clock(clock) },
  });
  first.follower.follow(operation);
  let isRestarted = false;
  let hasEnded = false;
  const look = () => {
    if (!life.isOver() || isRestarted || (story.isLate && !hasEnded)) return;
    isRestarted = true;
    startProcess(world);
  };
  const restless = {
    ...clock,
    async advance(ms: number) {
      await clock.advance(ms);
      look();
    },
  };
  await restless.advance(3_000);
  story.meanwhile(world);
  await work({ ...world, clock: restless }, operation, 1_000);
  hasEnded = true;
  for (let seconds = 0; seconds < 20; seconds += 1) await restless.advance(1_000);
  await clock.advance(60_000);

  const ended = (await operations.get(operation.id)) ?? operation;
  const all = server.messages();
  const outcome = renderOutcome(ended).title;
  const told = all.filter(({ message }) => message.title === outcome);
  const statuses = all.filter(({ message }) => message.title !== outcome);
  const where = `killed at point ${point} of ${story.name}`;
  expect(told.length, where).toBe(1);
  expect(statuses.length, where).toBe(1);
  expect(statuses[0]?.message, where).toMatchObject({ ...renderProgress(ended, 0), actions: [], presses: [] });
  expect(await operations.untold("discord"), where).toEqual([]);
  expect(server.breaches, where).toEqual([]);
  expect(world.errors, where).toEqual([]);
  return isRestarted;
}

test.each(stories)("$name, killed at any point, has one status message and one outcome", async (story) => {
  let point = 1;
  while (await killedAt(point, story)) point += 1;
  // Each call to the chat, the memory and the feed has two points.
  expect(point).toBeGreaterThan(30);
});
