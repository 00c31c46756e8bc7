import { watchedContract } from "./contract/watched.ts";
import { createMemoryLeases, createMemoryWatched } from "./memory-watched.ts";

watchedContract("memory", async () => {
  const leases = createMemoryLeases();
  return { ...createMemoryWatched(leases), leases: leases.join(), others: leases.join() };
});
