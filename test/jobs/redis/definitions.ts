import { existsSync, watch } from "node:fs";
import { appendFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";
import { defineOperation, defineUndo, type OperationDefinition } from "../../../src/operations/definition.ts";

/**
 * Appends the step's name to `file` and, at `hold`, waits until `file.go` exists or its signal aborts: a test decides from outside,
 * also from another process, how far an operation gets.
 */
const write = defineOperation({
  kind: "write",
  version: 1,
  lane: async () => "here",
  params: z.object({ file: z.string(), hold: z.boolean() }),
  steps: {
    first: { title: "First", budgetMs: 60_000, output: z.object({ pid: z.number() }) },
    hold: { title: "Hold", budgetMs: 60_000, output: z.null() },
    last: { title: "Last", budgetMs: 60_000, output: z.null() },
  },
  async run({ step }, { file, hold }) {
    const { pid } = await step("first", async () => {
      await appendFile(file, "first\n");
      return { pid: process.pid };
    });
    await step("hold", async ({ signal, detail }) => {
      await appendFile(file, "hold\n");
      detail("holding");
      if (hold) await untilExists(`${file}.go`, signal);
      return null;
    });
    await step("last", async () => {
      await appendFile(file, "last\n");
      return null;
    });
    return { firstPid: pid };
  },
  undo: defineUndo({
    steps: { remove: { title: "Remove", budgetMs: 60_000, output: z.null() } },
    async run({ step }, { file, hold }: { readonly file: string; readonly hold: boolean }) {
      await step("remove", async ({ signal }) => {
        await appendFile(file, "undo\n");
        if (existsSync(`${file}.broken`)) throw new OpsError({ code: "provider-failed", userMessage: "It refuses." });
        if (hold && existsSync(`${file}.hold-undo`)) await untilExists(`${file}.undo-go`, signal);
        return null;
      });
      return { leftBehind: [file], nextCommands: [] };
    },
    left: ({ params }) => [`${z.object({ file: z.string() }).parse(params).file} may exist.`],
  }),
});

const failing = defineOperation({
  kind: "failing",
  version: 1,
  lane: async () => "here/images",
  params: z.null(),
  steps: { only: { title: "Only", budgetMs: 60_000, output: z.null() } },
  async run({ step }): Promise<Json> {
    await step("only", async ({ detail }) => {
      detail("trying hunter2-canary");
      throw new OpsError({
        code: "provider-failed",
        userMessage: "The answer was hunter2-canary.",
        evidence: ["hunter2-canary"],
      });
    });
    return null;
  },
  undo: {
    steps: {},
    run: async () => ({ leftBehind: ["something of hunter2-canary"], nextCommands: [] }),
    left: () => [],
  },
});

export const definitions: readonly OperationDefinition[] = [write, failing];

async function untilExists(file: string, signal: AbortSignal): Promise<void> {
  // Watches before it looks, so that nothing is missed in between.
  const watcher = watch(dirname(file), { signal });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    if (existsSync(file)) resolve();
  };
  watcher.on("change", look);
  watcher.on("error", reject);
  signal.addEventListener("abort", () => reject(signal.reason));
  // An abort that came before the listener is not heard.
  if (signal.aborted) reject(signal.reason);
  look();
  try {
    await promise;
  } finally {
    watcher.close();
  }
}
