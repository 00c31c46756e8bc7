import { definitions } from "./definitions.ts";
import { openRedisJobs } from "./open.ts";

// A worker of its own, for tests that kill or stop it: worker-process.ts <socket>
const socketPath = process.argv[2];
if (!socketPath) throw new Error("needs a socket");
const jobs = await openRedisJobs({ socketPath }, definitions, { onError: (error) => console.error(error) });
jobs.startWorkers();
process.on("SIGTERM", () => void jobs.close());
console.log("ready");
