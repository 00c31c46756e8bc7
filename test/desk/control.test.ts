import { beforeEach, describe, expect, test } from "vitest";
import type { Reply, Submission } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { failureFrom, stick } from "../../src/core/operation.ts";
import { createDeskWorld, type DeskWorld, owner, stranger } from "./world.ts";

const _MINUTE = 60_000;

let world: DeskWorld;
beforeEach(() => {
  world = createDeskWorld(() => 1_000);
});

function submission(
  command: string,
  options: Record<string, string> = {},
  confirmation: string | null = null,
): Submission {
  return { command, options, confirmation };
}

function refusedWith(reply: Reply): OpsError {
  if (reply.type !== "refused") throw new Error(`expected a refusal, got ${reply.type}`);
  return reply.error;
}

describe("cancel", () => {
  test("stops what goes on, once, and writes it down", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    const { id } = await world.operations.nextEnqueued();
    const reply = await world.desk.submit(owner, submission("cancel", { operation: id }));
    expect(reply).toMatchObject({ type: "answer", message: { title: "Deploying ada is being cancelled." }, ends: id });
    expect(world.audit.events).toMatchObject([{ what: "cancel-requested", operation: id, agent: "ada" }]);
    const again = await world.desk.submit(owner, submission("cancel", { operation: id }));
    expect(again).toMatchObject({
      type: "answer",
      message: { title: "Deploying ada has already ended: cancelled." },
      ends: null,
    });
    expect(world.audit.events).toHaveLength(1);
  });

  test("knows when there is nothing to stop", async () => {
    const reply = await world.desk.submit(owner, submission("cancel", { operation: "0123456789abcdef" }));
    expect(refusedWith(reply).code).toBe("not-found");
  });
});

describe("retry", () => {
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }));

  test("lets what is stuck go on, is asked once however often, and is offered for nothing else", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    const { id } = await world.operations.nextEnqueued();
    expect(refusedWith(await world.desk.submit(stranger, submission("retry", { operation: id }))).code).toBe(
      "not-permitted",
    );
    expect(await world.desk.complete(owner, "retry", "operation", "")).toEqual([]);
    world.operations.change(id, (operation) => stick(operation, failure, 0));
    expect(await world.desk.complete(owner, "retry", "operation", "")).toMatchObject([{ value: id }]);
    for (const _time of ["first", "second"]) {
      const reply = await world.desk.submit(owner, submission("retry", { operation: id }));
      expect(reply).toMatchObject({ type: "operation", operation: { id, state: "queued" } });
    }
  });

  test("says what has become of what is not stuck", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    const { id } = await world.operations.nextEnqueued();
    await world.operations.cancel(id);
    const reply = await world.desk.submit(owner, submission("retry", { operation: id }));
    expect(refusedWith(reply)).toMatchObject({
      code: "wrong-state",
      userMessage: expect.stringContaining("cancelled"),
    });
    const nobody = await world.desk.submit(owner, submission("retry", { operation: "0123456789abcdef" }));
    expect(refusedWith(nobody).code).toBe("not-found");
  });
});
