import { defineConfig } from "vitest/config";
import { SUITES } from "./suites.ts";

const suite = SUITES.find(({ name }) => name === process.env.CREEL_MUTATED);
if (suite === undefined) throw new Error("These tests are run by `npm run mutate`.");

export default defineConfig({
  test: {
    include: [...suite.tests],
    testTimeout: 15_000,
    hookTimeout: 15_000,
    fileParallelism: false,
  },
});
