import { expect, test } from "vitest";
import { renderAskedFor, renderOutcome, renderProgressBriefly } from "../../../src/channels/render/operation.ts";
import { createLife } from "./life.ts";
import { type ChatWorld, createChatWorld, here, startProcess, work } from "./world.ts";

/** What happens around the operation, apart from the crash. */
interface Story {
  readonly name: string;
  readonly threads: boolean;
  /** As in Telegram: what was posted, and not noted before the crash, is posted again. */
  readonly keys: boolean;
  /** It was asked for by a button, whose message shows how it goes. */
  readonly isPressed: boolean;
  /** The next process comes only after the operation has ended. */
  readonly isLate: boolean;
  readonly meanwhile: (world: ChatWorld) => void;
}

const stories: Story[] = [
  { name: "a plain deploy", threads: false, keys: true, isPressed: false, isLate: false, meanwhile: () => undefined },
  {
    name: "a deploy that ends meanwhile",
    threads: false,
    keys: true,
    isPressed: false,
    isLate: true,
    meanwhile: () => undefined,
  },
  {
    name: "a deploy with a thread",
    threads: true,
    keys: true,
    isPressed: false,
    isLate: false,
    meanwhile: () => undefined,
  },
  {
    name: "a deploy whose status message is deleted",
    ...{ threads: false, keys: true, isPressed: false },
    isLate: false,
    meanwhile: ({ server }) => server.messages(here).forEach(({ id }) => void server.delete(id)),
  },
  {
    name: "a deploy in a chat without keys",
    ...{ threads: false, keys: false, isPressed: false, isLate: false },
    meanwhile: () => undefined,
  },
  {
    name: "a deploy in a chat without keys that ends meanwhile",
    ...{ threads: false, keys: false, isPressed: false, isLate: true },
    meanwhile: () => undefined,
  },
  {
    name: "a deploy by a button in a chat without keys",
    ...{ threads: false, keys: false, isPressed: true, isLate: false },
    meanwhile: () => undefined,
  },
];

/** @returns whether the first process was killed. */
async function killedAt(point: number, story: Story): Promise<boolean> {
  const world = createChatWorld({ threads: story.threads, keys: story.keys });
  const { clock, server, memory, operations } = world;
  const life = createLife(point);
  const operation = await world.ask();
  const question = { ...renderAskedFor(operation), title: "Shall I?", presses: [] };
  const pressed = story.isPressed
    ? await server.connect().post(here, question, { key: "question", notify: null, replyTo: null })
    : null;
  if (pressed !== null) await clock.advance(2_000);
  const first = startProcess(world, {
    chat: life.chat(server.connect()),
    memory: life.memory(memory),
    operations: life.feed(operations),
    clock: { ...clock, ...life.clock(clock) },
  });
  first.follower.follow(operation, pressed);
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
  const told = all.filter(({ message, aloud }) => aloud && message.title === outcome);
  const statuses = all.filter((one) => !told.includes(one));
  const where = `killed at point ${point} of ${story.name}`;
  const final = { ...renderProgressBriefly(ended, 0), actions: [], presses: [] };
  const orphans = statuses.filter(({ message }) => message.title !== final.title);
  expect(
    statuses.filter((one) => !orphans.includes(one)).map(({ message }) => message),
    where,
  ).toMatchObject([final]);
  // What nobody can ever change again claims nothing, and there is at most one of it.
  for (const { message } of orphans) expect(message, where).toMatchObject({ blocks: [], actions: [], tone: "plain" });
  expect(told.length - 1 + orphans.length, where).toBeLessThanOrEqual(story.keys ? 0 : 1);
  expect(told.length, where).toBeGreaterThanOrEqual(1);
  expect(await operations.untold("discord"), where).toEqual([]);
  expect(server.breaches, where).toEqual([]);
  expect(world.errors, where).toEqual([]);
  return isRestarted;
}

test.each(stories)("$name, killed at any point, has one living status message and an outcome", async (story) => {
  let point = 1;
  while (await killedAt(point, story)) point += 1;
  // Each call to the chat, the memory and the feed has two points.
  expect(point).toBeGreaterThan(30);
});
