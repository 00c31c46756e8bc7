import { expect, test } from "vitest";
import { operationDefinitions } from "../../src/assembly/definitions.ts";
import { loadConfig } from "../../src/config.ts";
import { OpsError } from "../../src/core/errors.ts";
import { fail, failureFrom, type Operation } from "../../src/core/operation.ts";
import { parseEvent } from "../../src/jobs/store/audit.ts";
import { parseRecord, storedText } from "../../src/jobs/store/record.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { imageBuildOperation } from "../../src/operations/image-build.ts";
import { parseSettings } from "../../src/settings.ts";
import { operationOf } from "../jobs/execution/memory-journal.ts";
import { createWorld } from "./world.ts";

const world = createWorld();
const failure = failureFrom(new OpsError({ code: "image-failed", userMessage: "Building it failed." }));

/** As a Creel wrote it that called an image a snapshot. */
function older(operation: Operation, version: number): string {
  return storedText({ ...operation, version }).replaceAll(/"(?:image|image-build|image-failed)"/g, (word) =>
    word.replace("image", "snapshot"),
  );
}

test("a build that an older Creel was asked for, or has ended, is one of an image", () => {
  const asked = operationOf(imageBuildOperation(world.services), { provider: null, force: true }, null);
  const text = older(asked, 1);
  expect(text).toContain('"snapshot-build"');
  expect(parseRecord(text, asked.id)).toEqual(asked);
  const ended = fail(asked, failure, asked.requestedAtMs + 1);
  expect(parseRecord(older(ended, 1), ended.id)).toEqual(ended);
  const event = { atMs: 1, actor: asked.requestedBy, what: "requested", subject: "snapshot-build", agent: null };
  const stored = storedText({ ...event, operation: asked.id, note: null });
  expect(parseEvent(stored, "1-0")).toMatchObject({ subject: "image-build" });
});

test("a deploy that an older Creel has begun goes on with the step it got to", () => {
  const params = { name: "ada", provider: null, region: null, size: null };
  const definition = deployOperation(world.services);
  const begun = operationOf(definition, params);
  expect(definition.version).toBeGreaterThan(2);
  const text = older(begun, 2);
  expect(text).toContain('"snapshot"');
  expect(parseRecord(text, begun.id)).toEqual(begun);
  // One of before that is as unknown as it was.
  expect(parseRecord(older(begun, 1), begun.id).version).toBe(1);
});

test("budgets under the older names are those of today", () => {
  const budgets = "budgets: { snapshot-build: { build: 7 }, deploy: { snapshot: 8, image: 9 } }";
  const config = { ...loadConfig({}), settings: parseSettings(budgets, "creel.yaml") };
  const budgetOf = (kind: string, step: string) =>
    operationDefinitions(world.services, config).find((one) => one.kind === kind)?.steps[step]?.budgetMs;
  expect(budgetOf("image-build", "build")).toBe(7000);
  expect(budgetOf("deploy", "image")).toBe(9000);
});
