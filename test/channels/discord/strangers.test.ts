import { expect, onTestFinished, test } from "vitest";
import { createDeskWorld, people } from "../../desk/world.ts";
import { openChannel } from "../real-channel.ts";
import { ada, bob, openServer, prepare } from "./world.ts";

test("what strangers ask is turned away one by one, for them alone, and put on record together", async () => {
  const server = await openServer();
  const { chat, errors } = await prepare({ now: Date.now }, server);
  const owners = people({ discord: { users: [ada.id], roles: [] } });
  const world = createDeskWorld(Date.now, { authority: { owners } });
  await openChannel({ chat, world, onError: (error) => errors.push(error) });
  onTestFinished(() => server.check());
  const typed = Array.from({ length: 30 }, () => server.run(bob, "status"));
  const asked = server.run(ada, "status");
  expect((await asked.answered).visibleTo).toBeNull();
  for (const { answered } of typed) {
    const { content, embeds, visibleTo } = await answered;
    expect(visibleTo).toBe(bob.id);
    expect(JSON.stringify([content, embeds])).toMatch(/private.*100000000000000002/s);
    expect(JSON.stringify([content, embeds])).not.toMatch(/creel|openclaw|owners|yaml/i);
  }
  expect(await server.autocomplete(bob, "status", "agent", "")).toEqual([]);
  expect(world.audit.events).toHaveLength(1);
  const posts = server.calls.filter(({ method, route }) => method === "POST" && !/callback/.test(route));
  expect(posts).toEqual([]);
  expect(errors).toEqual([]);
});
