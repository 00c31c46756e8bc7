import { keys } from "../../../src/jobs/store/keys.ts";
import { auditContract } from "../../contract/audit.ts";
import { operationsContract } from "../../contract/operations.ts";
import { registryContract } from "../../contract/registry.ts";
import { watchedContract } from "../../contract/watched.ts";
import { definitions } from "./definitions.ts";
import { openJobs, plainRedis, startRedis } from "./world.ts";

registryContract("Redis", async () => {
  const { socketPath } = await startRedis();
  const { registry } = await openJobs(socketPath, []);
  const redis = plainRedis(socketPath);
  return {
    registry,
    async spoil(name, why) {
      await redis.hset(keys.agents, name, why === "broken" ? '{"name"' : '{"format":9999}');
    },
  };
});

watchedContract("Redis", async () => {
  const { socketPath } = await startRedis();
  const [one, other] = [await openJobs(socketPath, []), await openJobs(socketPath, [])];
  return { ...one, others: other.leases };
});

auditContract("Redis", async () => (await openJobs((await startRedis()).socketPath, [])).audit);

operationsContract("Redis", async () => {
  const { operations } = await openJobs((await startRedis()).socketPath, definitions);
  return { operations, kind: "failing", params: null };
});
