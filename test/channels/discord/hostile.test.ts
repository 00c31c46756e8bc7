import fc from "fast-check";
import { expect, test } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { mangled } from "../mangled.ts";
import { button, chatMessage } from "./make.ts";
import { ada, connect, type DiscordWorld, nextCommand, nextPress, prepare } from "./world.ts";

const everywhere = (world: DiscordWorld) => ({
  channel: "discord" as const,
  chat: world.server.channelId,
  topic: null,
});
const quietly = { key: null, notify: null, replyTo: null };

async function isServed(world: DiscordWorld): Promise<void> {
  const typed = world.server.run(ada, "status");
  world.handler.command = async ({ key, responder }) => {
    if (key === typed.id) await responder.answer(chatMessage());
  };
  await typed.answered;
}

/** What a bot is really sent: its beginning, a server, a command, letters typed, a press. */
async function realEvents(world: DiscordWorld) {
  const shown = chatMessage({ actions: [button("Logs")], presses: ["c:/logs"] });
  await world.chat.post(everywhere(world), shown, quietly);
  const [message] = world.server.messages();
  if (message === undefined) throw new Error("no message");
  const pressed = nextPress(world);
  world.server.press(ada, message, "Logs");
  await (await pressed).responder.accept(chatMessage());
  await world.server.autocomplete(ada, "logs", "agent", "a");
  await isServed(world);
  return world.server.events.splice(0);
}

test("an interaction without its entitlements is one like any other", async () => {
  const world = await connect();
  await isServed(world);
  const { data } = world.server.events.findLast(({ name }) => name === "INTERACTION_CREATE") ?? {};
  if (typeof data !== "object" || data === null) throw new Error("no interaction");
  const event = nextCommand(world);
  world.server.sendEvent("INTERACTION_CREATE", { ...data, entitlements: undefined });
  expect((await event).actor.user).toBe(ada.id);
  await isServed(world);
});

test("nothing that comes over the gateway ends the process, and what cannot be read is counted", async () => {
  const world = await connect();
  const events = await realEvents(world);
  world.handler.command = async () => undefined;
  world.handler.press = async () => undefined;
  const sent = fc
    .constantFrom(...events)
    .chain(({ name, data }) => fc.record({ name: fc.constant(name), data: mangled(data) }));
  for (const { name, data } of fc.sample(sent, { numRuns: 400, seed: 7 })) world.server.sendEvent(name, data);
  const frame = { op: 0, t: "GUILD_CREATE", s: 1, d: { id: "1" } };
  const frames = [
    ...fc
      .sample(mangled(frame), { numRuns: 100, seed: 7 })
      .filter((one) => !/"op":(1|7|9|10)\b/.test(JSON.stringify(one) ?? "")),
    ...[
      { op: 10 },
      { op: 10, d: { heartbeat_interval: "x" } },
      { op: 9 },
      { op: 9, d: {} },
      { op: 0, t: "READY", s: 1 },
    ],
  ];
  for (const one of frames) world.server.sendFrame(JSON.stringify(one) ?? "");
  for (const text of ["", "{", "[]", '"x"', "null", `${"[".repeat(5000)}${"]".repeat(5000)}`])
    world.server.sendFrame(text);
  await isServed(world);
  // Answers may still be under way.
  await world.chat.close();
  await world.server.down();
  // Letters that were typed before have been answered before.
  while (world.server.violations.some((text) => /40060/.test(text))) world.server.takeViolation("40060");
  const told = world.errors.map((error) => (error instanceof OpsError ? error.userMessage : String(error)));
  expect(told.filter((text) => /that cannot be read; it was left out/.test(text)).length).toBeGreaterThan(3);
  expect(told.at(-1)).toMatch(/number \d+ since Creel was started|left out/);
});

test("a gateway's address that is none is asked for again", async () => {
  const world = await prepare();
  const limits = { total: 1000, remaining: 999, reset_after: 1000, max_concurrency: 1 };
  const bodies = [null, [], "x", { url: "nonsense", shards: 1, session_start_limit: limits }, { url: "ws://x" }];
  for (const body of bodies) world.server.failNext({ route: "/gateway/bot", status: 200, body });
  await world.chat.open(world.handler);
  await isServed(world);
});

test("no answer of any shape does more than fail one call", async () => {
  const world = await connect();
  const real = {
    id: "1",
    channel_id: "2",
    resource: { message: { id: "3" } },
    retry_after: 1,
    code: 10_008,
    message: "x",
  };
  const statuses = fc.constantFrom(200, 201, 204, 400, 403, 404, 429, 500, 502);
  const answers = fc.sample(fc.record({ status: statuses, body: mangled(real) }), { numRuns: 60, seed: 7 });
  for (const { status, body } of answers) {
    world.server.failNext({ route: "/channels/:id/messages", status, body: body ?? "x" });
    await world.chat.post(everywhere(world), chatMessage(), quietly).catch((error: unknown) => {
      expect(error).toBeInstanceOf(OpsError);
      if (error instanceof OpsError) expect(error.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
    });
  }
  for (const { status, body } of answers.slice(0, 20)) {
    world.server.failNext({ route: "/interactions/:id/:token/callback", status, body: body ?? "x" });
    const event = nextCommand(world);
    world.server.run(ada, "status").answered.catch(() => undefined);
    const { responder } = await event;
    await responder.answer(chatMessage()).catch((error: unknown) => expect(error).toBeInstanceOf(OpsError));
    await responder.answer(chatMessage()).catch((error: unknown) => expect(error).toBeInstanceOf(OpsError));
  }
});
