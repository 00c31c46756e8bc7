import { expect, it } from "vitest";
import { lookAt } from "../../src/channels/render/actions.ts";
import { renderConcern, renderDigest } from "../../src/channels/render/care.ts";
import type { Concern } from "../../src/core/concern.ts";
import type { Unreadable } from "../../src/core/unreadable.ts";
import { createFleetWatch } from "../../src/fleet/watch.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { unreadableFinding } from "../../src/questions/unreadable.ts";
import { hearing, statusOf } from "./statuses.ts";

const broken: Unreadable = { kind: "agent", name: "bob", why: "broken" };
const newer: Unreadable = { kind: "agent", name: "eve", why: "newer" };
const textOf = (value: unknown) => JSON.stringify(value);

it("the watch tells once of an agent whose record cannot be read, looks after all others, and tells when it can", async () => {
  const { told, parts } = hearing();
  let unreadable: readonly Unreadable[] | Error = [broken, { kind: "key", name: "creel:x", why: "broken" }];
  const watch = createFleetWatch({
    look: async () => [statusOf("ada", { gateway: "crashed" })],
    async unreadable() {
      if (unreadable instanceof Error) throw unreadable;
      return unreadable;
    },
    ...parts,
    now: () => 0,
  });
  await watch.look();
  await watch.look();
  const both = ["concern unreadable:bob", "concern agent:ada"];
  expect(told).toEqual(both);
  // Not being able to ask is no recovery.
  unreadable = new Error("away");
  await expect(watch.look()).rejects.toThrow("away");
  expect(told).toEqual(both);
  unreadable = [];
  await watch.look();
  expect(told).toEqual([...both, "recovered unreadable:bob"]);
});

it("says how many records cannot be read, which, and what to do, wherever agents are listed", () => {
  const alone = showStatus([], lookAt(0), [broken]);
  expect(alone).toMatchObject({ title: "1 record cannot be read: bob.", tone: "bad" });
  expect(textOf(alone)).toMatch(/creel adopt/);
  expect(textOf(alone)).not.toMatch(/no agents yet|newer/);
  for (const shown of [
    showStatus([statusOf("ada")], lookAt(0), [broken, newer]),
    renderDigest([statusOf("ada")], [], 0, { unreadable: [broken, newer] }),
  ]) {
    expect(shown.tone).toBe("bad");
    expect(shown.title).toMatch(/ada|1 agent/);
    expect(shown.title).toMatch(/2 records cannot be read: bob, eve\.$/);
    expect(textOf(shown)).toMatch(/newer Creel.*creel adopt/);
  }
  const concern = {
    key: "unreadable:eve",
    severity: "person",
    agent: "eve",
    type: "unreadable",
    why: "newer",
  } as Concern;
  expect(textOf(renderConcern(concern))).toMatch(/record of eve cannot be read.*newer Creel/);
});

it("doctor names each one with what can be done", () => {
  const kinds = ["agent", "operation", "event", "note", "key"] as const;
  for (const kind of kinds) {
    for (const why of ["broken", "newer"] as const) {
      const { verdict, seen, fix } = unreadableFinding({ kind, name: "some-name", why });
      expect(verdict).toBe("problem");
      expect(seen).toContain("some-name");
      expect(fix).toMatch(why === "newer" ? /version of Creel/ : /creel adopt|Nothing has to be done|RENAME some-name/);
    }
  }
});
