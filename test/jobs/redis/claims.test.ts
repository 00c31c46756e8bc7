import { expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { failureFrom, isUndoing, stick } from "../../../src/core/operation.ts";
import { type Claimed, createClaims } from "../../../src/jobs/execution/claims.ts";
import { createChanges } from "../../../src/jobs/store/changes.ts";
import { keys } from "../../../src/jobs/store/keys.ts";
import { createOperationStore } from "../../../src/jobs/store/operation-store.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { openJobs, plainRedis, root, startRedis } from "./world.ts";

const ada = parseAgentName("ada");

async function setUp() {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, definitions);
  const redis = plainRedis(socketPath);
  const store = createOperationStore(redis);
  const cancellations = createChanges(plainRedis(socketPath), keys.cancel, () => undefined);
  const claims = createClaims({
    store,
    cancellations,
    isMoved: async () => false,
    lacks: () => null,
    onError: () => undefined,
  });
  const folder = await temporaryFolder();
  const request = (hold = false) =>
    jobs.operations.enqueue({ kind: "write", params: { file: `${folder}/a`, hold }, agent: ada, requestedBy: root });
  return { jobs, redis, store, claims, request };
}

function held(claimed: Awaited<ReturnType<ReturnType<typeof createClaims>["take"]>>): Claimed {
  if (claimed === null || claimed === "behind") throw new Error("not claimed");
  return claimed;
}

it("of two claims of one operation in one process the older one hears that it is over, the newer one of everything", async () => {
  const { jobs, claims, request } = await setUp();
  const { id } = await request();
  const old = held(await claims.take(id));
  const fresh = held(await claims.take(id));
  expect(old.lost.reason).toMatchObject({ code: "superseded" });
  expect(fresh.lost.aborted).toBe(false);
  // What ends of the older one must not make the newer one deaf.
  old.release();
  await fresh.save({ ...fresh.operation, state: "running" });
  await jobs.operations.cancel(id);
  await expect.poll(() => fresh.cancelled.reason).toMatchObject({ code: "cancelled" });
});

it("a loss is for every claim that is held, and for none that was released", async () => {
  const { claims, request } = await setUp();
  const { id } = await request();
  const released = held(await claims.take(id));
  released.release();
  const fresh = held(await claims.take(id));
  claims.lose(id);
  expect(fresh.lost.reason).toMatchObject({ code: "superseded" });
  expect(released.lost.aborted).toBe(false);
});

it("who saved that it is stuck, and saves that again because the answer was lost, does not end one that goes on since", async () => {
  const { jobs, claims, request } = await setUp();
  const { id } = await request();
  const old = held(await claims.take(id));
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
  const stuck = stick(old.operation, failure, 5);
  await old.save(stuck);
  await old.save(stuck);
  await jobs.operations.resume(id, { actor: root, place: null });
  await expect(old.save(stuck)).rejects.toMatchObject({ code: "superseded" });
  const now = await jobs.operations.get(id);
  expect(now && isUndoing(now)).toBe(true);
});
