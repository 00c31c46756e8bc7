import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { cancelled, nothing, operationThat, params, stepOf, superseded, tools, undoThat } from "./runner-world.ts";

describe("a failure", () => {
  it("stops the siblings and waits for them before it is undone", async () => {
    const order: string[] = [];
    const definition = defineOperation({
      ...operationThat(async ({ step }) => {
        await Promise.all([
          step("one", async ({ signal }) => {
            await delay(5_000, null, { signal }).catch(() => order.push("told to stop"));
            await delay(20);
            order.push("stopped");
            return { n: 1 };
          }),
          step("two", async () => {
            throw new OpsError({ code: "provider-failed", userMessage: "No." });
          }),
        ]);
        return null;
      }),
      undo: undoThat(async () => {
        order.push("undo");
        return nothing;
      }),
    });
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(order).toEqual(["told to stop", "stopped", "undo"]);
    expect(ended.failure?.code).toBe("provider-failed");
  });

  it("is stored redacted, with what undoing found", async () => {
    const journal = new MemoryJournal();
    const definition = operationThat(
      async ({ step }) => {
        await step("one", async () => {
          throw new OpsError({
            code: "provider-failed",
            userMessage: "It said hunter2-canary.",
            hint: "Try hunter2-canary.",
            evidence: ["a", "b hunter2-canary"],
          });
        });
        return null;
      },
      [],
      { leftBehind: ["Host ada-1 hunter2-canary"], nextCommands: ["/logs agent:ada"], evidence: ["c hunter2-canary"] },
    );
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    expect(ended.failure).toEqual({
      code: "provider-failed",
      userMessage: "It said [redacted].",
      hint: "Try [redacted].",
      evidence: ["a", "b [redacted]", "c [redacted]"],
      leftBehind: ["Host ada-1 [redacted]"],
      nextCommands: ["/logs agent:ada"],
    });
    expect(JSON.stringify(journal.saved)).not.toContain("hunter2");
  });

  it("for an unknown version touches nothing", async () => {
    const undone: OpsError[] = [];
    const definition = operationThat(() => Promise.reject(new Error("must not run")), undone);
    const older = { ...operationOf(definition, params), version: 7 };
    const ended = await runOperation(definition, older, new MemoryJournal(), tools());
    expect(ended.failure?.code).toBe("unknown-version");
    expect(undone).toEqual([]);
  });
});

describe("being stopped", () => {
  it.each([true, false])("by a cancellation ends at once, whether the step listens (%s) or not", async (listens) => {
    const undone: OpsError[] = [];
    const journal = new MemoryJournal();
    const definition = operationThat(async ({ step }) => {
      await step("one", ({ signal }) => {
        setImmediate(() => journal.abort(cancelled));
        return listens ? delay(60_000, { n: 1 }, { signal }) : new Promise(() => undefined);
      });
      return null;
    }, undone);
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    expect(ended).toMatchObject({ state: "cancelled", failure: { code: "cancelled" } });
    expect(undone).toEqual([cancelled]);
  });

  it("before the first step runs no step but is undone", async () => {
    const undone: OpsError[] = [];
    const journal = new MemoryJournal();
    journal.abort(cancelled);
    const definition = operationThat(() => Promise.reject(new Error("must not run")), undone);
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    expect(ended.state).toBe("cancelled");
    expect(undone).toEqual([cancelled]);
  });

  it("by losing the claim writes nothing more and undoes nothing", async () => {
    const undone: OpsError[] = [];
    const journal = new MemoryJournal();
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: 1 }));
      await step("two", () => {
        journal.abort(superseded);
        return new Promise(() => undefined);
      });
      return null;
    }, undone);
    const running = runOperation(definition, operationOf(definition, params), journal, tools());
    await expect(running).rejects.toBe(superseded);
    expect(journal.last().state).toBe("running");
    expect(undone).toEqual([]);
  });

  it("is noticed by a refused save, before the next step has an effect", async () => {
    const effects: string[] = [];
    const undone: OpsError[] = [];
    const journal = new MemoryJournal();
    journal.refuse = (operation) => {
      if (stepOf(operation, "one").state === "done") throw superseded;
    };
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: effects.push("one") }));
      await step("two", async () => ({ n: effects.push("two") }));
      return null;
    }, undone);
    await expect(runOperation(definition, operationOf(definition, params), journal, tools())).rejects.toBe(superseded);
    expect(effects).toEqual(["one"]);
    expect(undone).toEqual([]);
  });
});

it("goes on when the journal was only away for a while", async () => {
  const journal = new MemoryJournal();
  let refusals = 0;
  journal.refuse = () => {
    if (journal.saved.length === 1 && ++refusals < 5) {
      throw new OpsError({ code: "store-unavailable", userMessage: "Redis is away.", retry: "later" });
    }
  };
  const definition = operationThat(async ({ step }) => {
    await step("one", async () => ({ n: 1 }));
    await step("two", async () => ({ n: 2 }));
    return null;
  });
  const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
  expect(ended.state).toBe("succeeded");
  expect(refusals).toBe(5);
});
