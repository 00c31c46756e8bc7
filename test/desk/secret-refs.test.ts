import { describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Reply } from "../../src/core/desk.ts";
import { agentCalled, CREELS_OWN, CREELS_OWN_ELSEWHERE, createDeskWorld, owner, people } from "./world.ts";

const tom: Actor = { channel: "telegram", user: "7001", roles: [], name: "Tom" };
const ann: Actor = { channel: "terminal", user: "ann", roles: [], name: "ann" };
const authority = {
  owners: people({ terminal: [owner.user], telegram: [tom.user] }),
  operators: people({ terminal: [ann.user] }),
};
const origin = { key: "k", place: { channel: "telegram", chat: "1", topic: null } } as const;

/** What comes of a `/connect` with this token. */
async function connect(actor: Actor, token: string): Promise<Reply> {
  const { desk, registry } = createDeskWorld(() => 1_000, { authority });
  await registry.put(agentCalled("ada"));
  const submission = { command: "connect", options: { agent: "ada", channel: "telegram", token }, confirmation: null };
  return await desk.submit(actor, submission, actor.channel === "terminal" ? undefined : origin);
}
const refusal = async (actor: Actor, token: string) => {
  const reply = await connect(actor, token);
  return reply.type === "refused" ? reply.error : null;
};

describe("where a secret is, said in a command", () => {
  test.each(["env:BOT", "file:/run/bot", "vault:bot", "op://agents/ada/bot"])(
    "an owner at the terminal may: %s",
    async (ref) => {
      expect((await refusal(owner, ref))?.code).not.toBe("not-permitted");
    },
  );

  test.each(["vault:bot", "op://agents/ada/bot", "new"])("an owner in a chat may: %s", async (ref) => {
    expect((await refusal(tom, ref))?.code).not.toBe("not-permitted");
  });

  test.each(["env:CREEL_TELEGRAM_TOKEN", "file:/etc/shadow"])(
    "nobody in a chat names what is the machine's: %s",
    async (ref) => {
      expect(await refusal(tom, ref)).toMatchObject({
        code: "not-permitted",
        hint: expect.stringContaining("Leave token: out"),
      });
    },
  );

  test.each(["vault:bot", "env:BOT", "op://agents/ada/bot"])(
    "no operator may, and is told how else: %s",
    async (ref) => {
      expect(await refusal(ann, ref)).toMatchObject({
        code: "not-permitted",
        hint: "Leave token: out to be asked for it in private.",
      });
    },
  );

  test("nobody gives an agent what is Creel's own", async () => {
    for (const actor of [owner, tom]) {
      for (const ref of [CREELS_OWN, CREELS_OWN_ELSEWHERE, CREELS_OWN_ELSEWHERE.toUpperCase().replace("OP:", "op:")]) {
        expect(await refusal(actor, ref)).toMatchObject({ userMessage: expect.stringContaining("Creel's own") });
      }
    }
  });
});
