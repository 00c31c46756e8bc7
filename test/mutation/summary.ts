import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MutantResult } from "@stryker-mutator/api/core";
import { FOLDERS } from "./suites.ts";

/** Of a folder or a file. */
interface Score {
  /** Mutants that a test noticed, or that never came to an end. */
  readonly killed: number;
  /** Mutants that no test noticed, or that no test reaches. */
  readonly survived: number;
  /** `killed` in a hundred of both; null where there is nothing to change. */
  readonly percent: number | null;
}

interface FileScore extends Score {
  /** Mutants that only change wording, or, where every test has a Redis of its own, what is worked out when the file is loaded. */
  readonly leftOut: number;
  /** YYYY-MM-DD. */
  readonly measuredOn: string;
}

type Files = Readonly<Record<string, FileScore>>;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RESULT = `${ROOT}bench/results/mutation.json`;
const GOAL_PERCENT = 85;
const NOTES = [
  "A mutant is the code with one small change; percent says how many of them make a test fail, or never come to an end.",
  "Left out are texts of errors for people and, where every test has a Redis of its own, what is worked out when a file is loaded. Not counted are mutants that cannot run at all.",
  "The tests are those of the file's suite in test/mutation/suites.ts; what only a test on a real host notices counts as survived.",
];

export function print(files: readonly string[], mutants: readonly MutantResult[]): void {
  for (const [file, { percent, killed, survived }] of Object.entries(scores(files, mutants))) {
    console.log(`  ${file.padEnd(32)} ${String(percent ?? "-").padStart(5)} %  ${killed} of ${killed + survived}`);
  }
}

/** Replaces what is known of `files`, and forgets files that are gone. */
export async function write(files: readonly string[], mutants: readonly MutantResult[]): Promise<void> {
  const known = await readFile(RESULT, "utf8").then(
    (text) => (JSON.parse(text) as { readonly files: Files }).files,
    () => ({}),
  );
  const measured = Object.entries({ ...known, ...scores(files, mutants) })
    .filter(([file]) => existsSync(`${ROOT}${file}`))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const folders = FOLDERS.map((folder) => {
    const inside = new Map(measured.filter(([file]) => file.startsWith(`${folder}/`)));
    const others = globSync(`${folder}/**/*.ts`, { cwd: ROOT }).filter((file) => !inside.has(file));
    const score = total([...inside.values()]);
    const met = others.length === 0 && (score.percent ?? 0) >= GOAL_PERCENT;
    return [folder, { ...score, met, notMeasured: others.toSorted() }];
  });
  const content = {
    part: "mutation",
    tools: { node: process.version, stryker: versionOf("@stryker-mutator/core"), vitest: versionOf("vitest") },
    notes: NOTES,
    folders: Object.fromEntries(folders),
    files: Object.fromEntries(measured),
  };
  await mkdir(`${ROOT}bench/results`, { recursive: true });
  await writeFile(RESULT, `${JSON.stringify(content, null, 2)}\n`);
}

function scores(files: readonly string[], mutants: readonly MutantResult[]): Files {
  const measuredOn = new Date().toISOString().slice(0, 10);
  const byFile = Map.groupBy(mutants, ({ fileName }) => relative(ROOT, fileName));
  return Object.fromEntries(
    files.map((file) => {
      const count = (...statuses: readonly MutantResult["status"][]) =>
        (byFile.get(file) ?? []).filter(({ status }) => statuses.includes(status)).length;
      const score = scoreOf(count("Killed", "Timeout"), count("Survived", "NoCoverage"));
      return [file, { ...score, leftOut: count("Ignored"), measuredOn }];
    }),
  );
}

function total(files: readonly FileScore[]): Score {
  const sum = (of: (file: FileScore) => number) => files.reduce((all, file) => all + of(file), 0);
  return scoreOf(
    sum(({ killed }) => killed),
    sum(({ survived }) => survived),
  );
}

function scoreOf(killed: number, survived: number): Score {
  const all = killed + survived;
  return { killed, survived, percent: all === 0 ? null : Math.floor((1000 * killed) / all) / 10 };
}

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(`${ROOT}node_modules/${name}/package.json`, "utf8"));
  return version;
}
