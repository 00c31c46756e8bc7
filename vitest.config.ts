import { defineConfig } from "vitest/config";

/** Fast tests run in parallel, those with a real Redis two files at a time; those with real hosts one at a time, because they share the kernel's network. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/jobs/redis/**"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "redis",
          include: ["test/jobs/redis/**/*.test.ts"],
          // They mostly wait for what Redis and dead workers take.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/global-setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          // Without hardware virtualisation a virtual machine takes minutes for what a container does in seconds.
          testTimeout: process.env.CREEL_E2E_DRIVER === "qemu" ? 3_600_000 : 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
