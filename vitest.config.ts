import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** A busy machine with few cores may take this long for what takes milliseconds otherwise; whoever waits for a condition waits no longer than it needs. */
const patient = { poll: { timeout: 40_000 } };

/**
 * Fast tests run on every core, then those with a real Redis, more at a time than there are cores, then those with real hosts, one at a
 * time, because they share the kernel's network.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/jobs/redis/**"],
          maxWorkers: availableParallelism(),
          // Vitest runs group 0 last when there is one worker.
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: "redis",
          include: ["test/jobs/redis/**/*.test.ts"],
          // They mostly wait for what Redis and dead workers take.
          maxWorkers: 2 * availableParallelism(),
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: patient,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/global-setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          expect: patient,
          // Without hardware virtualisation a virtual machine takes minutes for what a container does in seconds.
          testTimeout: process.env.CREEL_E2E_DRIVER === "qemu" ? 3_600_000 : 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
