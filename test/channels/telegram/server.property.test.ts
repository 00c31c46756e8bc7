import fc from "fast-check";
import { expect, test } from "vitest";
import { anyMessage, anyText } from "./any-message.ts";
import { bob, createChat, group, inGroup, ordinary, telegramWithPeople } from "./world.ts";

test("any message can be posted and edited; only who is to hear it is mentioned", async () => {
  // So slowly that Telegram has nothing against it.
  let nowMs = Date.now();
  const now = () => (nowMs += 10_000);
  await using server = await telegramWithPeople({ now });
  await using running = createChat(server);
  const { chat } = running;
  await fc.assert(
    fc.asyncProperty(anyMessage, anyMessage, anyText, async (first, second, name) => {
      const notify = { channel: "telegram" as const, user: String(bob), roles: [], name };
      const posted = await chat.post(inGroup, first, { ...ordinary, notify });
      const message = server.messages(group).at(-1);
      expect(message).toMatchObject({ links: [], commands: [] });
      expect(message?.pings).toEqual([bob]);
      expect(await chat.edit(posted, second)).toBe("done");
      expect(message).toMatchObject({ links: [], commands: [], pings: [] });
      server.check();
    }),
    { numRuns: 60 },
  );
});
