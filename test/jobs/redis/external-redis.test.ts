import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Secret } from "../../../src/core/secrets.ts";
import { definitions } from "./definitions.ts";
import { openRedisJobs } from "./open.ts";
import { endOf, openJobs, plainRedis, root, startRedis, temporaryFolder } from "./world.ts";

/** A Redis on TCP with a user who may do nothing but what Creel needs on its own keys and channels; CONFIG and others are refused. */
async function startShared() {
  const { socketPath } = await startRedis();
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  probe.close();
  await once(probe, "close");
  const plain = plainRedis(socketPath);
  await plain.config("SET", "port", String(address.port));
  await plain.call(
    "ACL",
    "SETUSER",
    "creel",
    "on",
    ">correct-horse",
    "~creel:*",
    "&creel:*",
    "+@all",
    "-@admin",
    "+info",
  );
  return { socketPath, url: `redis://127.0.0.1:${address.port}` };
}

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
