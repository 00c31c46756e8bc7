import { join } from "node:path";
import { expect, it } from "vitest";
import { Secret } from "../../../src/core/secrets.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { openRedisJobs } from "./open.ts";
import { endOf, openJobs, root, startShared } from "./world.ts";

it("an existing Redis is used with a URL and an ACL user that may touch Creel's keys only", async () => {
  const { url } = await startShared();
  const redis = { url, username: "creel", password: new Secret("correct-horse") };
  const jobs = await openJobs(redis, definitions);
  expect(jobs.warnings).toEqual([expect.stringContaining("that Creel may not read")]);
  jobs.startWorkers();
  const file = join(await temporaryFolder(), "a");
  const request = { kind: "write", params: { file, hold: false }, agent: null, requestedBy: root };
  expect((await endOf(jobs, (await jobs.operations.enqueue(request)).id)).state).toBe("succeeded");
});

it("a wrong password is told as such", async () => {
  const { url } = await startShared();
  const opening = openRedisJobs({ url, username: "creel", password: new Secret("wrong-horse") }, definitions);
  await expect(opening).rejects.toMatchObject({
    code: "store-unavailable",
    retry: "never",
    userMessage: expect.stringContaining("WRONGPASS"),
  });
});
