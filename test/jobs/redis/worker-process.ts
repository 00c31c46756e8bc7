import { createJobs } from "../../../src/jobs/jobs.ts";
import { definitions } from "./definitions.ts";

// A worker of its own, for tests that kill or stop it: worker-process.ts <socket>
const socketPath = process.argv[2];
if (!socketPath) throw new Error("needs a socket");
const jobs = await createJobs({
  redis: { socketPath },
  definitions,
  now: Date.now,
  random: Math.random,
  redact: (text) => text,
  concurrency: 4,
  onError: (error) => console.error(error),
});
jobs.startWorkers();
process.on("SIGTERM", () => void jobs.close());
console.log("ready");
