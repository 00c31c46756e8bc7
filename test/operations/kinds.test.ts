import { describe, expect, it } from "vitest";
import { renderOutcome } from "../../src/channels/render/operation.ts";
import { succeed } from "../../src/core/operation.ts";
import { operations } from "../../src/operations/index.ts";
import { agentMeanwhile, doing, done, task, told } from "../../src/operations/words.ts";
import { parseSettings, readerOf } from "../../src/settings.ts";
import { operation } from "../fleet/statuses.ts";
import { createWorld } from "./world.ts";

describe.each(operations)("$kind", (of) => {
  it("defines the kind that it is told of", () => {
    const { services } = createWorld();
    expect(of.define(services, readerOf(parseSettings("", "creel.yaml"))).kind).toBe(of.kind);
  });

  it("takes what another version wrote as far as it is understood", () => {
    for (const result of [null, "text", 7, [], { version: 7, repaired: "all", built: "no" }, { __proto__: null }]) {
      const ended = succeed({ ...operation(of.kind, "ada"), result }, result, 0);
      expect(renderOutcome(ended).tone).toBe("good");
    }
  });
});

it("a kind that only a newer Creel knows has words, and nothing is told of what it made", () => {
  for (const kind of ["upgrade", "constructor", "__proto__"]) {
    const newer = succeed(operation(kind, "ada"), { version: "2026.9.6" }, 0);
    expect([doing(newer), done(newer), task(newer)]).toEqual([
      `Running ${kind} for ada`,
      `Finished ${kind} for ada`,
      `${kind} of ada`,
    ]);
    const ofNone = { ...newer, agent: null };
    expect([doing(ofNone), done(ofNone), task(ofNone)]).toEqual([`Running ${kind}`, `Finished ${kind}`, kind]);
    expect([told(newer), agentMeanwhile(newer)]).toEqual([{}, null]);
  }
});
