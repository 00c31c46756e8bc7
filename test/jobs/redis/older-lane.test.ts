import { Queue } from "bullmq";
import { expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { PREFIX } from "../../../src/jobs/store/keys.ts";
import { createOperationStore } from "../../../src/jobs/store/operation-store.ts";
import type { OperationDefinition } from "../../../src/operations/definition.ts";
import { operationOf } from "../execution/memory-journal.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, startRedis } from "./world.ts";

it("a build that an older Creel has put into its own lane is done", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const [, failing] = definitions as [OperationDefinition, OperationDefinition];
  const operation = operationOf({ ...failing, kind: "snapshot-build" }, null, null);
  await createOperationStore(redis).enqueue(operation, "snapshots", null);
  const queue = new Queue("snapshots", { connection: redis, prefix: PREFIX, skipVersionCheck: true });
  await queue.add("operation", { operationId: operation.id }, { jobId: operation.id });

  const jobs = await openJobs(socketPath, [{ ...failing, kind: "image-build" }]);
  jobs.startWorkers();
  const expected = { kind: "image-build", state: "failed", failure: { code: "provider-failed" } };
  expect(await endOf(jobs, operation.id)).toMatchObject(expected);
  await queue.close();
});

it("one in a lane of a newer Creel waits for it, and holds up nothing that was asked for after it", async () => {
  const { socketPath } = await startRedis();
  const [, failing] = definitions as [OperationDefinition, OperationDefinition];
  const store = createOperationStore(plainRedis(socketPath));
  const [newer, after] = [operationOf({ ...failing, kind: "odd" }, null, null), operationOf(failing, null, null)];
  await store.enqueue(newer, "odd", null);
  // Its delivery is lost: only the sweep finds it.
  await store.enqueue(after, "images", null);
  const errors: unknown[] = [];
  const jobs = await openJobs(socketPath, definitions, { onError: (error) => errors.push(error) });
  jobs.startWorkers();
  expect(await endOf(jobs, after.id)).toMatchObject({ state: "failed" });
  expect(await jobs.operations.get(newer.id)).toMatchObject({ state: "queued" });
  expect(errors.filter((error) => error instanceof OpsError && error.code === "internal")).toEqual([]);
});
