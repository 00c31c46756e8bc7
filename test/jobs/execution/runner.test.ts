import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import type { Operation } from "../../../src/core/operation.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { later, operationThat, params, stepOf, tools } from "./runner-world.ts";

describe("a run that goes well", () => {
  const counting = operationThat(async ({ step }) => {
    const { n } = await step("one", async () => ({ n: 1 }));
    const { n: m } = await step("two", async () => ({ n: n + 1 }));
    await step("three", async () => m + 1);
    return null;
  });

  it("journals each step and ends as succeeded, with one save per step and one for the end", async () => {
    const journal = new MemoryJournal();
    const ended = await runOperation(counting, operationOf(counting, params), journal, tools());
    expect(ended).toMatchObject({ state: "succeeded", failure: null });
    expect(ended.steps.map((step) => [step.state, step.output])).toEqual([
      ["done", { n: 1 }],
      ["done", { n: 2 }],
      ["done", 3],
    ]);
    expect(journal.last()).toEqual(ended);
    expect(journal.saved).toHaveLength(4);
  });

  it("never starts a step before the outputs of earlier ones are durable", async () => {
    const journal = new MemoryJournal();
    const seen: (string | undefined)[] = [];
    const watching = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: 1 }));
      await step("two", async () => {
        seen.push(stepOf(journal.last(), "one").state, stepOf(journal.last(), "two").state);
        return { n: 2 };
      });
      return null;
    });
    await runOperation(watching, operationOf(watching, params), journal, tools());
    expect(seen).toEqual(["done", "running"]);
  });

  it("journals a step that ends while its sibling still runs", async () => {
    const journal = new MemoryJournal();
    const definition = operationThat(async ({ step }) => {
      const durable = Promise.withResolvers<void>();
      journal.refuse = (operation) => {
        if (stepOf(operation, "one").state === "done") durable.resolve();
      };
      await Promise.all([
        step("one", async () => ({ n: 1 })),
        step("two", async () => {
          await durable.promise;
          return { n: 2 };
        }),
      ]);
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    expect(ended.state).toBe("succeeded");
  });

  it("returns an ended operation as it is", async () => {
    const journal = new MemoryJournal();
    const ended = await runOperation(counting, operationOf(counting, params), new MemoryJournal(), tools());
    expect(await runOperation(counting, ended, journal, tools())).toBe(ended);
    expect(journal.saved).toEqual([]);
  });
});

describe("a crash", () => {
  // The journal dies at its nth save; the next worker starts from what was saved before.
  it.each([0, 1, 2, 3])("before save %i is healed by the next worker without repeating what is done", async (at) => {
    const effects: string[] = [];
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: effects.push("one") }));
      await step("two", async () => ({ n: effects.push("two") }));
      await step("three", async () => effects.push("three"));
      return null;
    });
    const first = new MemoryJournal();
    first.refuse = () => {
      if (first.saved.length === at) throw new Error("the machine is gone");
    };
    const operation = operationOf(definition, params);
    await expect(runOperation(definition, operation, first, tools())).rejects.toThrow("the machine is gone");
    const second = new MemoryJournal();
    const ended = await runOperation(definition, first.saved.at(-1) ?? operation, second, tools());
    expect(ended.state).toBe("succeeded");
    const repeated = at === 0 ? [] : [["one", "two", "three"][at - 1]];
    expect(effects.toSorted()).toEqual(["one", "two", "three", ...repeated].toSorted());
  });

  it("while cleaning up is followed by cleaning up, not by going on", async () => {
    const undone: OpsError[] = [];
    const effects: string[] = [];
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: effects.push("one") }));
      if (undone.length === 0) throw new OpsError({ code: "capacity", userMessage: "The disk is full." });
      await step("two", async () => ({ n: effects.push("two") }));
      return null;
    }, undone);
    const first = new MemoryJournal();
    first.refuse = (operation) => {
      if (operation.state === "failed") throw new Error("the machine is gone");
    };
    await expect(runOperation(definition, operationOf(definition, params), first, tools())).rejects.toThrow("gone");
    const ended = await runOperation(definition, first.last(), new MemoryJournal(), tools());
    expect(ended).toMatchObject({ state: "failed", failure: { code: "capacity", userMessage: "The disk is full." } });
    expect(effects).toEqual(["one"]);
    expect(undone.map((error) => error.code)).toEqual(["capacity", "capacity"]);
  });
});

describe("a step", () => {
  it("is repeated with growing waits while its error says later", async () => {
    let calls = 0;
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => {
        calls += 1;
        if (calls < 6) throw later("no answer");
        return { n: calls };
      });
      return null;
    });
    const clock = tools();
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), clock);
    expect(ended.state).toBe("succeeded");
    expect(stepOf(ended, "one").attempts).toBe(6);
    expect(clock.slept).toEqual([200, 400, 800, 1600, 2000]);
  });

  it("is not repeated sooner than the service said, which counts as the step's time only when it is asked for too long", async () => {
    const busy = (retryAfterMs: number) =>
      new OpsError({ code: "provider-failed", userMessage: "429", retry: "later", retryAfterMs });
    for (const [answers, slept, state] of [
      [[busy(3_000), busy(100)], [3_000, 400], "succeeded"],
      [[busy(20_000), busy(20_000), busy(20_000)], [20_000, 20_000, 20_000], "succeeded"],
      [[busy(280_000), busy(280_000)], [280_000], "failed"],
      [[busy(3_600_000)], [], "failed"],
    ] as const) {
      const left = [...answers];
      const definition = operationThat(async ({ step }) => {
        await step("one", async () => {
          const error = left.shift();
          if (error !== undefined) throw error;
          return { n: 1 };
        });
        return null;
      });
      const clock = tools();
      const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), clock);
      expect([clock.slept, ended.state]).toEqual([slept, state]);
    }
  });

  it("fails as timed-out with the last error's text and evidence when its budget is used up", async () => {
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => {
        throw new OpsError({
          code: "gateway-not-ready",
          userMessage: "It answers 503.",
          hint: "Look at /logs.",
          evidence: ["starting channels"],
          retry: "later",
        });
      });
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(ended.failure).toEqual({
      code: "timed-out",
      userMessage: '"One" did not end within 10 s: It answers 503.',
      hint: "Look at /logs.",
      evidence: ["starting channels"],
      leftBehind: [],
      nextCommands: [],
    });
    expect(stepOf(ended, "one").state).toBe("failed");
  });

  it("that hangs and ignores its signal is left at the end of its budget", async () => {
    const definition = defineOperation({
      ...operationThat(async () => null),
      steps: { one: { title: "One", budgetMs: 50, output: z.null() } },
      async run({ step }) {
        await step("one", () => new Promise(() => undefined));
        return null;
      },
    });
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(ended.failure?.code).toBe("timed-out");
  });

  it("that is called twice is a defect", async () => {
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: 1 }));
      await step("one", async () => ({ n: 1 }));
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(ended.failure).toMatchObject({ code: "internal", userMessage: 'Step "one" was called twice in one run.' });
  });

  it("may not return more than 16 KiB or what its schema refuses", async () => {
    const big = defineOperation({
      ...operationThat(async () => null),
      steps: { one: { title: "One", budgetMs: 50, output: z.string() } },
      async run({ step }) {
        await step("one", async () => "x".repeat(16 * 1024));
        return null;
      },
    });
    const ended = await runOperation(big, operationOf(big, params), new MemoryJournal(), tools());
    expect(ended.failure?.userMessage).toContain("more than 16384 bytes");
    const wrong = operationThat(async ({ step }) => {
      await step("one", async () => JSON.parse('{"n":"one"}'));
      return null;
    });
    const other = await runOperation(wrong, operationOf(wrong, params), new MemoryJournal(), tools());
    expect(other.failure?.code).toBe("internal");
  });

  it("whose journalled output does not fit any more fails instead of running with it", async () => {
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => ({ n: 1 }));
      return null;
    });
    const operation = operationOf(definition, params);
    const odd: Operation = {
      ...operation,
      steps: operation.steps.map((step) => (step.name === "one" ? { ...step, state: "done", output: "?" } : step)),
    };
    const ended = await runOperation(definition, odd, new MemoryJournal(), tools());
    expect(ended.failure?.code).toBe("internal");
  });

  it("shows its last detail, redacted, in at most four saves a second", async () => {
    const journal = new MemoryJournal();
    const definition = operationThat(async ({ step }) => {
      await step("one", async ({ detail }) => {
        const shown = Promise.withResolvers<void>();
        journal.refuse = (operation) => {
          if (stepOf(operation, "one").detail?.startsWith("line 99")) shown.resolve();
        };
        for (let i = 0; i < 50; i++) detail(`line ${i}`);
        await delay(20);
        for (let i = 50; i < 100; i++) detail(`line ${i}\nhunter2-canary`);
        await shown.promise;
        return { n: 1 };
      });
      return null;
    });
    await runOperation(definition, operationOf(definition, params), journal, tools());
    const details = journal.saved.map((operation) => stepOf(operation, "one").detail);
    expect(details).toEqual([null, "line 49", "line 99 [redacted]", null]);
  });
});
