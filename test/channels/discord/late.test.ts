import { expect, test } from "vitest";
import { createDeskWorld, people } from "../../desk/world.ts";
import { openChannel } from "../real-channel.ts";
import { button, chatMessage } from "./make.ts";
import { ada, openServer, prepare } from "./world.ts";

/** The real desk; its clock is Discord's, and moves only when the test moves it. */
async function begin() {
  const clock = { ms: Date.UTC(2026, 10, 21, 8) };
  const now = () => clock.ms;
  const server = await openServer({ now });
  const { chat, errors } = await prepare({}, server, clock);
  const world = createDeskWorld(now, { authority: { owners: people({ discord: { users: [ada.id], roles: [] } }) } });
  const sleep = (_ms: number, signal: AbortSignal) =>
    new Promise<void>((done) => {
      const timer = setTimeout(done, 20);
      const wake = () => {
        clearTimeout(timer);
        done();
      };
      signal.addEventListener("abort", wake, { once: true });
    });
  await openChannel({ chat, world, onError: (error) => errors.push(error), clock: { now, elapsed: now, sleep } });
  const said = (pattern: RegExp) =>
    server.when(() => server.messages().find(({ content, embeds }) => pattern.test(JSON.stringify([content, embeds]))));
  return { chat, clock, server, world, errors, said };
}

test("a command that Discord gave up on before it came is asked about, by name, and not done", async () => {
  const { clock, server, world, said } = await begin();
  server.dropGateway();
  const typed = server.run(ada, "deploy", { name: "bob" });
  clock.ms += 10_000;
  const question = await said(/it reached me too late/);
  expect(typed.failed()).toBe(true);
  expect(question.pings).toEqual([`<@${ada.id}>`]);
  expect(world.operations.all.size).toBe(0);
  await server.press(ada, question, "Do it now").acknowledged;
  await server.when(() => world.operations.all.size === 1);
});

test("a press that Discord gave up on is asked about, too", async () => {
  const { chat, clock, server, world, said } = await begin();
  const shown = chatMessage({ actions: [button("Again")], presses: ["c:/deploy name:bob"] });
  const place = { channel: "discord" as const, chat: server.channelId, topic: null };
  await chat.post(place, shown, { key: null, notify: null, replyTo: null });
  const [offered] = server.messages();
  if (offered === undefined) throw new Error("nothing was posted");
  server.dropGateway();
  server.press(ada, offered, "Again").answered.catch(() => undefined);
  clock.ms += 10_000;
  const question = await said(/You pressed this .* it reached me too late/);
  expect(world.operations.all.size).toBe(0);
  await server.press(ada, question, "Leave it").acknowledged;
  await said(/Nothing was done/);
  expect(world.operations.all.size).toBe(0);
});

test("a question that comes too late is answered in the channel", async () => {
  const { clock, server, said } = await begin();
  server.dropGateway();
  server.run(ada, "status").answered.catch(() => undefined);
  clock.ms += 10_000;
  await said(/There are no agents yet/);
});
