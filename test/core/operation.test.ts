import { describe, expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName, parseOperationId } from "../../src/core/names.ts";
import {
  askedAtMs,
  beginUndo,
  describeStep,
  fail,
  failStep,
  failureFrom,
  findStep,
  finishStep,
  isEnded,
  isUndoing,
  mayHaveBegun,
  type NewOperation,
  newOperation,
  type Operation,
  repeatStep,
  resume,
  start,
  startStep,
  stick,
  succeed,
  waitBehind,
  waitFor,
} from "../../src/core/operation.ts";

const place = { channel: "discord", chat: "1", topic: null } as const;
const fields: Omit<NewOperation, "steps"> = {
  ...{ id: parseOperationId("0000000000000001"), kind: "deploy", version: 3, params: { name: "ada" } },
  ...{ agent: parseAgentName("ada"), requestedBy: { channel: "terminal", user: "mo", roles: [], name: "Mo" } },
};
const steps = [
  { name: "create", title: "Create the host" },
  { name: "reach", title: "Reach the host" },
];
const untouched = { state: "pending", startedAtMs: null, endedAtMs: null, attempts: 0, detail: null, output: null };
const asked = newOperation({ ...fields, steps }, 100);
const failure = failureFrom(new OpsError({ code: "host-gone", userMessage: "It is gone." }));

function stepCalled(operation: Operation, name: string) {
  return operation.steps.find((step) => step.name === name);
}

test("a new operation has done nothing", () => {
  expect(asked).toEqual({
    ...fields,
    ...{ place: null, state: "queued", requestedAtMs: 100, resumedAtMs: null },
    ...{ startedAtMs: null, endedAtMs: null },
    ...{ waitingBehind: null, waitingFor: null, undo: [] },
    steps: steps.map((step) => ({ ...step, ...untouched })),
    ...{ failure: null, result: null },
  });
  expect(newOperation({ ...fields, steps, place }, 100).place).toEqual(place);
});

test("an operation waits behind another one until it starts, and keeps when it first did", () => {
  const other = parseOperationId("0000000000000002");
  const waiting = waitBehind(asked, other);
  expect(waiting).toEqual({ ...asked, waitingBehind: other });
  const started = start(waiting, 200);
  expect(started).toEqual({ ...asked, state: "running", startedAtMs: 200 });
  expect(start(started, 300).startedAtMs).toBe(200);
});

describe("a step", () => {
  const running = startStep(start(asked, 200), "reach", 210);

  test("counts how often it was begun, and keeps when it first was", () => {
    const begun = { name: "reach", title: "Reach the host", state: "running", startedAtMs: 210, attempts: 1 };
    expect(stepCalled(running, "reach")).toEqual({ ...untouched, ...begun });
    expect(stepCalled(running, "create")).toMatchObject(untouched);
    const again = startStep(describeStep(failStep(running, "reach", 220), "reach", "10 %"), "reach", 230);
    expect(stepCalled(again, "reach")).toEqual({ ...untouched, ...begun, attempts: 2 });
    expect(stepCalled(repeatStep(running, "reach"), "reach")).toEqual({ ...untouched, ...begun, attempts: 2 });
  });

  test("says what goes on in it until it is done", () => {
    const described = describeStep(running, "reach", "10 %");
    expect(stepCalled(described, "reach")).toMatchObject({ state: "running", detail: "10 %" });
    const done = finishStep(described, "reach", "output", 240);
    expect(stepCalled(done, "reach")).toMatchObject({ state: "done", endedAtMs: 240, detail: null, output: "output" });
  });

  test("that failed keeps what went on in it", () => {
    const failed = failStep(describeStep(running, "reach", "10 %"), "reach", 240);
    expect(stepCalled(failed, "reach")).toMatchObject({ state: "failed", endedAtMs: 240, detail: "10 %" });
  });

  test("is to be begun again when another worker takes the operation over, unless it is over", () => {
    const half = startStep(finishStep(running, "reach", null, 220), "create", 230);
    const states = (operation: Operation) => operation.steps.map(({ state }) => state);
    expect(states(half)).toEqual(["running", "done"]);
    expect(states(start(half, 300))).toEqual(["pending", "done"]);
  });
});

describe("the end of an operation", () => {
  const running = startStep(start(asked, 200), "create", 210);

  test("with success keeps the result", () => {
    expect(succeed(running, "result", 300)).toEqual({
      ...running,
      state: "succeeded",
      endedAtMs: 300,
      result: "result",
    });
  });

  test("with a failure ends the steps that run, and no other", () => {
    expect(fail(running, failure, 300)).toEqual({
      ...running,
      ...{ state: "failed", endedAtMs: 300, failure },
      steps: [{ ...running.steps[0], state: "failed", endedAtMs: 300 }, running.steps[1]],
    });
  });

  test("because somebody asked for it is no failure", () => {
    expect(fail(running, { ...failure, code: "cancelled" }, 300).state).toBe("cancelled");
  });

  test("is known from everything before it", () => {
    expect([asked, start(asked, 200), running].map(isEnded)).toEqual([false, false, false]);
    const ended = [
      succeed(running, null, 1),
      fail(running, failure, 1),
      fail(running, { ...failure, code: "cancelled" }, 1),
    ];
    expect(ended.map(isEnded)).toEqual([true, true, true]);
  });
});

test("a failure tells what the error does, and what is left behind", () => {
  const error = new OpsError({ code: "host-gone", userMessage: "It is gone.", hint: "Look.", evidence: ["line"] });
  const told = { code: "host-gone", userMessage: "It is gone.", hint: "Look.", evidence: ["line"] };
  expect(failureFrom(error)).toEqual({ ...told, leftBehind: [], nextCommands: [] });
  const after = { leftBehind: ["A host."], nextCommands: ["/status"] };
  expect(failureFrom(error, after)).toEqual({ ...told, ...after });
});

test("only what is stuck is resumed, from the beginning of what undoes it", () => {
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
  const steps = ["u", "v"].map((name) => ({ name, title: name }));
  const undoing = startStep(finishStep(beginUndo(start(asked, 1), failure, steps, 2), "u", null, 3), "v", 4);
  expect(resume(undoing, 6)).toBe(undoing);
  expect(isUndoing(undoing)).toBe(true);
  const stuck = stick(undoing, failure, 5);
  expect([isEnded(stuck), isUndoing(stuck), stuck.endedAtMs]).toEqual([true, false, 5]);
  expect(stuck.undo.map(({ state }) => state)).toEqual(["done", "failed"]);
  expect([askedAtMs(stuck), stuck.resumedAtMs]).toEqual([100, null]);
  const resumed = resume(stuck, 6);
  expect(resumed).toMatchObject({ state: "queued", endedAtMs: null, failure: { code: "cancelled" } });
  expect([askedAtMs(resumed), resumed.requestedAtMs]).toEqual([6, 100]);
  expect(resumed.undo).toMatchObject([untouched, untouched]);
  // Begun again, it keeps its first reason and what it has done.
  const again = finishStep(startStep(start(resumed, 6), "u", 7), "u", 1, 8);
  const later = failureFrom(new OpsError({ code: "timed-out", userMessage: "Late." }));
  expect(beginUndo(again, later, steps, 9)).toMatchObject({ failure: { code: "cancelled" }, undo: again.undo });
  const others = [
    { name: "u", title: "u" },
    { name: "w", title: "w" },
  ];
  expect(beginUndo(again, later, others, 9).undo.map(({ name, state }) => [name, state])).toEqual([
    ["u", "done"],
    ["w", "pending"],
  ]);
});

test("a step may have had an effect once it was begun; of one that is not on record nothing is known", () => {
  expect([mayHaveBegun(asked, "create"), mayHaveBegun(asked, "odd")]).toEqual([false, false]);
  const begun = startStep(start(asked, 1), "create", 2);
  expect(["create", "reach", "odd"].map((name) => mayHaveBegun(begun, name))).toEqual([true, false, true]);
  expect(mayHaveBegun(start(begun, 3), "create")).toBe(true);
});

test("an operation that waits for something else waits behind no other", () => {
  const waiting = waitFor(waitBehind(asked, parseOperationId("0000000000000002")), "a newer Creel");
  expect(waiting).toEqual({ ...asked, waitingFor: "a newer Creel" });
  expect(start(waiting, 200)).toMatchObject({ waitingFor: null, state: "running" });
});

test("a step is found by its name, among those that undo as well", () => {
  const [create, reach] = asked.steps;
  if (create === undefined || reach === undefined) throw new Error("two steps were asked for");
  const undoing = { ...asked, undo: [{ ...create, name: "remove" }] };
  expect([findStep(undoing, "reach"), findStep(undoing, "remove")]).toEqual([reach, undoing.undo[0]]);
  expect(findStep(undoing, "other")).toBe(undefined);
});
