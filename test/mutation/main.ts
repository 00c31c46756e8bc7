/**
 * `npm run mutate [-- PATH…]`: changes the code of folders or files in many small ways and looks which changes no test notices. Prints
 * them, and keeps the numbers in bench/results/mutation.json; files that were not asked for keep their earlier ones. Fails only when
 * something is broken, never for a number.
 */
import { relative } from "node:path";
import type { MutantResult } from "@stryker-mutator/api/core";
import { Stryker } from "@stryker-mutator/core";
import { inScratch } from "./scratch.ts";
import { FOLDERS, filesBySuite } from "./suites.ts";
import { print, write } from "./summary.ts";

const asked = process.argv.slice(2).map((path) => relative(".", path));
const strange = asked.filter((path) => filesBySuite([path]).size === 0);
if (strange.length > 0) {
  console.error(`Not to be mutated: ${strange.join(", ")}. There are ${FOLDERS.join(", ")}, and what is in them.`);
  process.exit(2);
}
for (const [suite, files] of filesBySuite(asked.length > 0 ? asked : FOLDERS)) {
  // Read by vitest.config.ts, in this process and in those that Stryker starts.
  process.env.CREEL_MUTATED = suite.name;
  const mutants = await inScratch(() => mutate(files, suite.onRedis === true));
  print(files, mutants);
  await write(files, mutants);
}

function mutate(files: readonly string[], ignoreStatic: boolean): Promise<MutantResult[]> {
  return new Stryker({
    mutate: [...files],
    testRunner: "vitest",
    vitest: { configFile: "test/mutation/vitest.config.ts" },
    plugins: ["@stryker-mutator/vitest-runner", "./test/mutation/wording.ts"],
    ignorers: ["wording"],
    coverageAnalysis: "perTest",
    ignoreStatic,
    disableTypeChecks: false,
    concurrency: 2,
    timeoutMS: 20_000,
    allowConsoleColors: false,
    reporters: ["clear-text", "json"],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
    jsonReporter: { fileName: ".stryker-tmp/report.json" },
    // A copy is mutated: the working copy stays as it is, whoever edits it meanwhile.
    tempDirName: ".stryker-tmp/sandbox",
    ignorePatterns: ["/bench", "/docs"],
  }).runMutationTest();
}
