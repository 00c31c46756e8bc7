import { describe, expect, test } from "vitest";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { parseOperationId } from "../../../src/core/names.ts";
import { fail, failureFrom, type Operation, resume, startStep, waitBehind } from "../../../src/core/operation.ts";
import {
  operationText,
  orReason,
  parseRecord,
  parseStored,
  reasonOf,
  storedText,
  unreadableError,
} from "../../../src/jobs/store/record.ts";
import { operationOf } from "../execution/memory-journal.ts";
import { operationThat, params } from "../execution/runner-world.ts";

const error = new OpsError({ code: "host-gone", userMessage: "It is gone.", hint: "Look.", evidence: ["line"] });
const plain = operationOf(
  operationThat(async () => null),
  params,
);
const ended = fail(startStep(plain, "one", 1), failureFrom(error), 2);

function thrown(read: () => unknown): unknown {
  try {
    read();
  } catch (caught) {
    return caught;
  }
  throw new Error("It did not throw.");
}

describe("the record of an operation", () => {
  test.each<[string, Operation]>([
    ["that is new", plain],
    ["of no agent", { ...plain, agent: null }],
    ["that waits", waitBehind(plain, parseOperationId("0000000000000002"))],
    ["from a chat", { ...plain, place: { channel: "telegram", chat: "-5", topic: "7" } }],
    ["of Creel itself", { ...plain, requestedBy: { ...plain.requestedBy, channel: "creel", roles: ["1"] } }],
    ["that has failed", ended],
    [
      "that a newer Creel has ended in its own way",
      { ...ended, failure: failureFrom({ ...error, code: "odd" as "internal" }) },
    ],
  ])("%s is read as it was written", (_, operation) => {
    const text = storedText(operation);
    expect(text).toMatch(/^\{"format":1,/);
    expect(parseRecord(text, operation.id)).toEqual(operation);
  });

  test.each(["queued", "running", "succeeded", "failed", "cancelled", "stuck"] as const)("may be %s", (state) => {
    expect(parseRecord(storedText({ ...plain, state }), plain.id).state).toBe(state);
  });

  test.each(["pending", "running", "done", "failed"] as const)("may have a step that is %s", (state) => {
    const steps = plain.steps.map((step) => ({ ...step, state }));
    expect(parseRecord(storedText({ ...plain, steps }), plain.id).steps).toEqual(steps);
  });

  test("with something to undo is in a later format, which is read as well", () => {
    const undoing: Operation = { ...plain, undo: plain.steps };
    expect(operationText(plain)).toMatch(/^\{"format":1,/);
    // Nothing of its undo is known yet, and an older Creel would begin it again.
    const stuck: Operation = { ...plain, state: "stuck", undo: [] };
    const resumed = resume({ ...stuck, failure: failureFrom(new OpsError({ code: "cancelled", userMessage: "" })) }, 9);
    for (const operation of [undoing, stuck, resumed]) expect(operationText(operation)).toMatch(/^\{"format":2,/);
    for (const operation of [plain, undoing, stuck, resumed]) {
      expect(parseRecord(operationText(operation), operation.id)).toEqual(operation);
    }
  });

  test("of before there was anything to undo has nothing to undo", () => {
    const { undo: _, resumedAtMs: __, ...older } = plain;
    expect(parseRecord(storedText(older), plain.id)).toEqual(plain);
  });

  test("of before there were formats is read, too", () => {
    expect(parseRecord(JSON.stringify(plain), plain.id)).toEqual(plain);
  });

  test.each<[string, object]>([
    ["id", { id: "../x" }],
    ["agent", { agent: "Not A Name" }],
    ["state", { state: "odd" }],
    ["channel", { requestedBy: { ...plain.requestedBy, channel: "smoke" } }],
    ["place", { place: { channel: "terminal", chat: "1", topic: null } }],
    ["operation in front", { waitingBehind: "x" }],
    ["step", { steps: [{ name: "one" }] }],
    ["state of a step", { steps: [{ ...plain.steps[0], state: "odd" }] }],
    ["failure", { failure: { ...failureFrom(error), code: 5 } }],
    ["time", { requestedAtMs: "now" }],
  ])("with another %s than there can be is broken", (_, fields) => {
    expect(thrown(() => parseRecord(JSON.stringify({ ...plain, ...fields }), plain.id))).toMatchObject({
      ...{ code: "internal", userMessage: `The record of operation ${plain.id} cannot be read.` },
      cause: expect.any(Error),
    });
  });

  test.each(["", "{", "null", "5", '{"format":"99"}', "[]"])("is broken when it is %j", (text) => {
    expect(thrown(() => parseRecord(text, "x"))).toMatchObject({ code: "internal" });
  });

  test.each(['{"format":99}', `{"format":99,${storedText(plain).slice('{"format":1,'.length)}`])(
    "of a newer Creel is called that: %#",
    (text) => {
      expect(thrown(() => parseRecord(text, "x"))).toMatchObject({
        ...{ code: "unknown-version", userMessage: expect.stringMatching(/^The record of operation x was .*newer/) },
      });
    },
  );
});

describe("what cannot be read", () => {
  const schema = z.object({ a: z.number() });

  test.each([
    ["agent", "ada", "The record of agent ada cannot be read.", "creel adopt"],
    ["operation", "x", "The record of operation x cannot be read.", "creel doctor"],
    ["key", "creel:agents", "The record of creel:agents cannot be read.", "creel doctor"],
  ] as const)("is told with what helps: %s", (kind, name, userMessage, help) => {
    const broken = thrown(() => parseStored(schema, "{}", { kind, name }));
    expect(broken).toMatchObject({ code: "internal", userMessage, hint: expect.stringContaining(help) });
    const cause = new Error("why");
    expect(unreadableError({ kind, name, why: "broken" }, cause).cause).toBe(cause);
  });

  test("has a reason, and every other error is none", () => {
    expect(reasonOf(unreadableError({ kind: "note", name: "x", why: "newer" }))).toBe("newer");
    expect(reasonOf(unreadableError({ kind: "note", name: "x", why: "broken" }))).toBe("broken");
    for (const other of [error, new Error("internal")]) expect(thrown(() => reasonOf(other))).toBe(other);
  });

  test("is a reason in the place of what is read", () => {
    const read = (text: string) => orReason(() => parseStored(schema, text, { kind: "note", name: "x" }));
    expect([read('{"a":1}'), read('{"format":7}'), read("{}")]).toEqual([{ a: 1 }, "newer", "broken"]);
    expect(() => orReason(() => JSON.parse("{"))).toThrow(SyntaxError);
  });
});
