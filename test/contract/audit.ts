import { beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent, AuditLog } from "../../src/core/audit.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";

const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];
const event = (atMs: number, fields: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ atMs, what: "requested", subject: "deploy", agent: ada, note: null },
  actor: { channel: "telegram", user: "7", roles: [], name: "Mo" },
  operation: makeOperationId(atMs, () => 0.5),
  ...fields,
});

/** Holds for whatever keeps the audit events. `make`: one that is empty. */
export function auditContract(name: string, make: () => Promise<AuditLog>): void {
  describe(`${name}: audit contract`, () => {
    let audit: AuditLog;
    beforeEach(async () => {
      audit = await make();
    });

    it("gives events as they were appended, the newest first, also when clocks disagree", async () => {
      expect(await audit.recent({ agent: null, limit: 10 })).toEqual({ events: [], unreadable: [] });
      const refused = event(3, { what: "refused", agent: null, operation: null, note: "Sorry." });
      for (const each of [event(5), refused, event(4, { agent: bob })]) await audit.append(each);
      const { events } = await audit.recent({ agent: null, limit: 10 });
      expect(events).toEqual([event(4, { agent: bob }), refused, event(5)]);
    });

    it("gives those of one agent, at most as many as asked for, whatever lies between", async () => {
      for (let i = 0; i < 5; i++) {
        await audit.append(event(i));
        await audit.append(event(i, { agent: bob }));
      }
      const { events } = await audit.recent({ agent: bob, limit: 3 });
      expect(events.map(({ agent, atMs }) => [agent, atMs])).toEqual([
        ["bob", 4],
        ["bob", 3],
        ["bob", 2],
      ]);
      expect((await audit.recent({ agent: ada, limit: 100 })).events).toHaveLength(5);
    });

    it("gives what is aside along, without counting it, and the number of attempts it stands for", async () => {
      const stranger = { channel: "telegram" as const, user: "9", roles: [], name: "Eve" };
      const refused = (atMs: number, attempts: number) =>
        event(atMs, { what: "refused", agent: null, operation: null, actor: stranger, attempts });
      const all = [event(1), event(2), refused(3, 40), event(4), refused(5, 2), refused(6, 1)];
      for (const each of all) await audit.append(each);
      const isAside = ({ actor }: AuditEvent) => actor.user === stranger.user;
      const { events } = await audit.recent({ agent: null, limit: 2, isAside });
      expect(events).toEqual([refused(6, 1), refused(5, 2), event(4), refused(3, 40), event(2)]);
    });

    it("keeps two events that are the same", async () => {
      await audit.append(event(1));
      await audit.append(event(1));
      expect((await audit.recent({ agent: null, limit: 10 })).events).toHaveLength(2);
    });
  });
}
