import { beforeEach, describe, expect, it } from "vitest";
import type { Agent, AgentRegistry } from "../../src/core/agent.ts";
import { NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";
import type { Unreadable } from "../../src/core/unreadable.ts";

export interface RegistryUnderTest {
  readonly registry: AgentRegistry;
  /** Makes the record of an agent, which may be new, one that cannot be read. */
  spoil(name: string, why: Unreadable["why"]): Promise<void> | void;
}

const agent = (name: string, fields: Partial<Agent> = {}): Agent => ({
  ...{ name: parseAgentName(name), state: "serving", provider: "local", createdAtMs: 7 },
  host: parseHostName(`${name}-abc123`),
  lastOperation: makeOperationId(7, () => 0.5),
  settings: NOTHING_KEPT,
  ...fields,
});

/** Holds for whatever keeps the list of agents. */
export function registryContract(name: string, make: () => Promise<RegistryUnderTest>): void {
  describe(`${name}: registry contract`, () => {
    let registry: AgentRegistry;
    let spoil: RegistryUnderTest["spoil"];
    beforeEach(async () => {
      ({ registry, spoil } = await make());
    });
    const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];

    it("keeps agents as they were put, replaces them, lists them by name, and forgets them when told, twice too", async () => {
      expect(await registry.get(ada)).toBeNull();
      expect(await registry.list()).toEqual([]);
      await registry.put(agent("bob"));
      await registry.put(agent("ada", { state: "deploying", host: null }));
      expect(await registry.list()).toEqual([agent("ada", { state: "deploying", host: null }), agent("bob")]);
      await registry.put(agent("ada"));
      await registry.put(agent("ada"));
      expect(await registry.get(ada)).toEqual(agent("ada"));
      await registry.remove(ada);
      await registry.remove(ada);
      expect(await registry.get(ada)).toBeNull();
      expect(await registry.list()).toEqual([agent("bob")]);
      expect(await registry.unreadable()).toEqual([]);
    });

    it("does not share what it keeps with who put it or got it", async () => {
      const mine = { ...agent("ada") };
      await registry.put(mine);
      mine.state = "failed";
      expect(await registry.get(ada)).toMatchObject({ state: "serving" });
    });

    it("leaves a broken record out, names it, refuses it by itself, and takes another in its place", async () => {
      await registry.put(agent("ada"));
      await spoil("bob", "broken");
      expect(await registry.list()).toEqual([agent("ada")]);
      expect(await registry.unreadable()).toEqual([{ kind: "agent", name: "bob", why: "broken" }]);
      await expect(registry.get(bob)).rejects.toMatchObject({ code: "internal", retry: "never" });
      await registry.put(agent("bob"));
      expect(await registry.get(bob)).toEqual(agent("bob"));
      await spoil("bob", "broken");
      await registry.remove(bob);
      expect(await registry.unreadable()).toEqual([]);
    });

    it("gives a bot to one agent only, whoever asks at the same time, also where it may only come to have it", async () => {
      const kept = (id: string | null) => ({
        ...NOTHING_KEPT,
        bots: { telegram: id === null ? null : { id, name: `${id}_bot` }, discord: null },
      });
      const change = (from: string | null, to: string | null) => ({
        ...{ operation: makeOperationId(8, () => 0.5), before: kept(from), after: kept(to) },
      });
      const wants = (name: string, to: string) =>
        registry.claim(agent(name, { change: change(null, to) }), kept(to).bots);
      const names = ["ada", "bob", "cleo", "dora"];
      const replies = await Promise.all(names.map((name) => wants(name, "7")));
      const winner = replies.indexOf(null);
      const mine = agent(names[winner] ?? "", { change: change(null, "7") });
      expect(replies).toEqual(names.map((_, index) => (index === winner ? null : mine.name)));
      expect(await registry.list()).toEqual([mine]);
      // Again, and another one beside it.
      expect(await wants(mine.name, "7")).toBeNull();
      expect(await wants("eve", "8")).toBeNull();
      await registry.put(agent(mine.name, { settings: kept("9"), change: change("7", "9") }));
      for (const id of ["7", "8", "9"]) expect(await wants("fay", id)).not.toBeNull();
      // An id is its service's own.
      const onDiscord = { telegram: null, discord: { id: "9", name: "nine" } };
      expect(await registry.claim(agent("fay"), onDiscord)).toBeNull();
      await registry.put(agent(mine.name, { settings: kept("9") }));
      expect(await wants("fay", "7")).toBeNull();
    });

    it("neither replaces nor removes what a newer Creel wrote", async () => {
      await spoil("bob", "newer");
      for (const attempt of [
        () => registry.get(bob),
        () => registry.put(agent("bob")),
        () => registry.claim(agent("bob"), NOTHING_KEPT.bots),
        () => registry.remove(bob),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: "unknown-version", retry: "never" });
      }
      expect(await registry.unreadable()).toEqual([{ kind: "agent", name: "bob", why: "newer" }]);
    });
  });
}
