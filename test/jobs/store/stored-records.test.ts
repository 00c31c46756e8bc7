import { describe, expect, test } from "vitest";
import type { Agent } from "../../../src/core/agent.ts";
import { NOTHING_KEPT } from "../../../src/core/agent-settings.ts";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../../src/core/names.ts";
import { fail, failureFrom, start, succeed } from "../../../src/core/operation.ts";
import { lifecycleEvent, parseEvent, retriedEvent } from "../../../src/jobs/store/audit.ts";
import { parseNote } from "../../../src/jobs/store/notes.ts";
import { storedText } from "../../../src/jobs/store/record.ts";
import { parseAgent } from "../../../src/jobs/store/registry.ts";
import { operationOf } from "../execution/memory-journal.ts";
import { operationThat, params } from "../execution/runner-world.ts";

const asked = operationOf(
  operationThat(async () => null),
  params,
);
const running = start(asked, asked.requestedAtMs + 1);
const failure = failureFrom(new OpsError({ code: "capacity", userMessage: "Full." }));

describe("an event of an operation's life", () => {
  const event = {
    ...{ actor: asked.requestedBy, subject: asked.kind, agent: asked.agent, operation: asked.id, note: null },
  };
  const read = (text: string) => parseEvent(text, "1-0");

  test("says what happened, when, to which, and who asked for it", () => {
    const atMs = asked.requestedAtMs;
    expect(read(lifecycleEvent(asked, "requested"))).toEqual({ ...event, what: "requested", atMs });
    expect(read(lifecycleEvent(running, "started"))).toEqual({ ...event, what: "started", atMs: atMs + 1 });
    const succeeded = succeed(running, null, atMs + 2);
    expect(read(lifecycleEvent(succeeded, "ended"))).toEqual({ ...event, what: "succeeded", atMs: atMs + 2 });
  });

  test("says why one has failed, and no more of one that was cancelled", () => {
    const failed = read(lifecycleEvent(fail(running, failure, 5), "ended"));
    expect(failed).toMatchObject({ what: "failed", note: "Full." });
    const cancelled = read(lifecycleEvent(fail(running, { ...failure, code: "cancelled" }, 5), "ended"));
    expect(cancelled).toMatchObject({ what: "cancelled", note: null });
    expect(read(lifecycleEvent({ ...fail(running, failure, 5), failure: null }, "ended"))).toMatchObject({
      note: null,
    });
  });

  test("is none as long as it has not happened", () => {
    expect(lifecycleEvent(asked, "started")).toBe("");
    expect(lifecycleEvent(running, "ended")).toBe("");
    expect(lifecycleEvent({ ...asked, endedAtMs: 5 }, "ended")).toBe("");
    expect(lifecycleEvent({ ...running, endedAtMs: 5 }, "ended")).toBe("");
  });

  test("that an older Creel does not know is in a later format", () => {
    const stuck = lifecycleEvent({ ...running, state: "stuck", endedAtMs: 5, failure }, "ended");
    expect(read(stuck)).toMatchObject({ what: "stuck", note: "Full." });
    const actor = { channel: "discord", user: "5", roles: ["1"], name: "Mia" } as const;
    const retried = retriedEvent(asked, actor, 9);
    expect(read(retried)).toEqual({ ...event, actor, what: "retried", atMs: 9 });
    expect([stuck, retried].map((text) => JSON.parse(text).format)).toEqual([2, 2]);
    expect(JSON.parse(lifecycleEvent(asked, "requested")).format).toBe(1);
  });

  test.each<[string, object]>([
    ["kind", { what: "odd" }],
    ["agent", { agent: "Not A Name" }],
    ["operation", { operation: "x" }],
    ["number of attempts", { attempts: 0 }],
    ["number of whole attempts", { attempts: 1.5 }],
    ["actor", { actor: { channel: "smoke" } }],
  ])("with another %s than there can be is broken", (_, fields) => {
    const text = JSON.stringify({ ...event, what: "refused", atMs: 1, ...fields });
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: "internal", message: expect.stringContaining("creel:audit 1-0") }),
    );
  });

  test.each<AuditEvent["what"]>(["refused", "cancel-requested", "adopted"])(
    "may be one of what people do: %s",
    (what) => {
      const told = { ...event, what, atMs: 1, attempts: 3 };
      expect(read(storedText(told))).toEqual(told);
    },
  );
});

describe("the record of an agent", () => {
  const agent: Agent = {
    ...{ name: parseAgentName("ada"), state: "serving", provider: "local", host: parseHostName("ada-000001") },
    ...{ createdAtMs: 7, lastOperation: makeOperationId(7, () => 0.5), settings: NOTHING_KEPT },
  };

  test.each<Partial<Agent>>([{}, { state: "deploying", host: null }, { state: "failed" }])("is read: %j", (fields) => {
    expect(parseAgent(storedText({ ...agent, ...fields }), "ada")).toEqual({ ...agent, ...fields });
  });

  test.each<[string, object]>([
    ["state", { state: "odd" }],
    ["host", { host: "../x" }],
    ["operation", { lastOperation: "x" }],
    ["name", { name: "Not A Name" }],
    ["name than it stands under", { name: "bob" }],
  ])("with another %s than there can be is broken", (_, fields) => {
    expect(() => parseAgent(storedText({ ...agent, ...fields }), "ada")).toThrow(
      expect.objectContaining({ code: "internal", userMessage: "The record of agent ada cannot be read." }),
    );
  });
});

describe("a note", () => {
  test.each([
    ['{"format":1,"value":{"a":[1]}}', { a: [1] }],
    ['{"format":1,"value":null}', null],
    // Of before there were formats: the value itself.
    ['{"a":1}', { a: 1 }],
    ['{"format":1}', { format: 1 }],
    ['{"value":1}', { value: 1 }],
    ["null", null],
    ['"text"', "text"],
    ["[1,2]", [1, 2]],
  ])("%s is read", (text, value) => {
    expect(parseNote(text, "key")).toEqual(value);
  });

  test.each([
    ["{", "internal"],
    ['{"format":99,"value":1}', "unknown-version"],
  ])("%s is not", (text, code) => {
    const error = expect.objectContaining({ code, message: expect.stringContaining("creel:memory:key") });
    expect(() => parseNote(text, "key")).toThrow(error);
  });
});
