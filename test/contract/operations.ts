import { beforeEach, describe, expect, it } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Origin } from "../../src/core/chat.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import type { Operation } from "../../src/core/operation.ts";
import type { Operations } from "../../src/operations/journal.ts";

const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];
const actor: Actor = { channel: "telegram", user: "7", roles: [], name: "Mo" };
const origin: Origin = { place: { channel: "telegram", chat: "-100", topic: "3" }, key: "update-1" };
const nobody = makeOperationId(0, () => 0);

/** Holds for `Operations` on which nobody works. `make`: without any operation, `kind` one that it knows, with `params`. */
export function operationsContract(
  name: string,
  make: () => Promise<{ readonly operations: Operations; readonly kind: string; readonly params: null }>,
): void {
  describe(`${name}: operations contract`, () => {
    let operations: Operations;
    let asked: { readonly kind: string; readonly params: null; readonly requestedBy: Actor };
    beforeEach(async () => {
      const { operations: made, ...rest } = await make();
      operations = made;
      asked = { ...rest, requestedBy: actor };
    });
    const idsOf = (list: readonly Operation[]) => list.map(({ id }) => id);

    it("gives an operation back as it was asked for, by id and in lists, the newest first", async () => {
      const first = await operations.enqueue({ ...asked, agent: ada });
      const second = await operations.enqueue({ ...asked, agent: bob });
      expect(first).toMatchObject({ state: "queued", kind: asked.kind, agent: "ada", requestedBy: actor, place: null });
      expect(await operations.get(first.id)).toEqual(first);
      expect(await operations.get(nobody)).toBeNull();
      expect(idsOf(await operations.recent({ agent: null, limit: 10 }))).toEqual([second.id, first.id]);
      expect(idsOf(await operations.recent({ agent: null, limit: 1 }))).toEqual([second.id]);
      expect(idsOf(await operations.recent({ agent: ada, limit: 10 }))).toEqual([first.id]);
    });

    it("takes the same request from the same place once, and from elsewhere again", async () => {
      const first = await operations.enqueue({ ...asked, agent: ada, origin });
      expect((await operations.enqueue({ ...asked, agent: ada, origin })).id).toBe(first.id);
      const other = await operations.enqueue({ ...asked, agent: ada, origin: { ...origin, key: "update-2" } });
      const elsewhere = { place: { ...origin.place, channel: "discord" as const }, key: origin.key };
      expect((await operations.enqueue({ ...asked, agent: ada, origin: elsewhere })).id).not.toBe(first.id);
      expect(idsOf(await operations.untold("telegram"))).toEqual([first.id, other.id]);
    });

    it("remembers in which chat an outcome has to be told, until it was", async () => {
      const told = await operations.enqueue({ ...asked, agent: ada, origin });
      const untold = await operations.enqueue({ ...asked, agent: null });
      expect(await operations.isUntold(told)).toBe(true);
      expect(await operations.isUntold(untold)).toBe(false);
      expect(idsOf(await operations.untold("telegram"))).toEqual([told.id]);
      expect(await operations.untold("discord")).toEqual([]);
      await operations.told(told);
      await operations.told(told);
      await operations.told(untold);
      expect(await operations.isUntold(told)).toBe(false);
      expect(await operations.untold("telegram")).toEqual([]);
    });

    it("ends what is cancelled before it was begun, once, and shows that to who watches", async () => {
      const { id } = await operations.enqueue({ ...asked, agent: ada });
      const states: string[] = [];
      const limit = AbortSignal.timeout(20_000);
      for await (const { state } of operations.watch(id, limit)) {
        states.push(state);
        if (state === "queued") expect(await operations.cancel(id)).toBe(true);
      }
      expect(states).toEqual(["queued", "cancelled"]);
      expect(await operations.cancel(id)).toBe(false);
      expect(await operations.get(id)).toMatchObject({ state: "cancelled", failure: { code: "cancelled" } });
      await expect(operations.cancel(nobody)).rejects.toMatchObject({ code: "not-found" });
    });

    it("leaves one that is not stuck as it is when it shall go on, and refuses one that is not there", async () => {
      const by = { actor, place: origin.place };
      const { id } = await operations.enqueue({ ...asked, agent: ada });
      expect(await operations.resume(id, by)).toMatchObject({ id, state: "queued", place: null });
      await operations.cancel(id);
      expect(await operations.resume(id, by)).toMatchObject({ id, state: "cancelled", place: null });
      await expect(operations.resume(nobody, by)).rejects.toMatchObject({ code: "not-found" });
    });

    it("ends a watch when it is told to, and refuses one of what is not there", async () => {
      const { id } = await operations.enqueue({ ...asked, agent: ada });
      const stop = new AbortController();
      let seen = 0;
      for await (const _operation of operations.watch(id, stop.signal)) {
        seen += 1;
        stop.abort();
      }
      expect(seen).toBe(1);
      const watching = operations.watch(nobody, AbortSignal.timeout(20_000))[Symbol.asyncIterator]();
      await expect(watching.next()).rejects.toMatchObject({ code: "not-found" });
    });
  });
}
