import { globSync } from "node:fs";

/** Files that are mutated, and the tests that have to notice. */
interface Suite {
  readonly name: string;
  /** Patterns; a file is of the first suite that names it. */
  readonly files: readonly string[];
  readonly tests: readonly string[];
  /** Whether every test has a Redis of its own: then what is worked out when a file is loaded, for which all tests would have to run, is left out. */
  readonly onRedis?: true;
}

export const FOLDERS: readonly string[] = ["src/core", "src/desk", "src/questions", "src/jobs"];

/**
 * Only tests that end soon: none on real hosts, none that wait for a clock, none that watch processes of their own, which mutants do not
 * reach.
 */
export const SUITES: readonly Suite[] = [
  { name: "core", files: ["src/core/**/*.ts"], tests: ["test/{core,desk,commands}/**/*.test.ts"] },
  { name: "desk", files: ["src/desk/**/*.ts"], tests: ["test/{desk,questions}/**/*.test.ts"] },
  {
    name: "questions",
    files: ["src/questions/**/*.ts"],
    tests: ["test/{desk,questions}/**/*.test.ts", "test/channels/render*.test.ts", "test/fleet/fleet.test.ts"],
  },
  {
    name: "runner",
    files: ["src/jobs/{abort,store/record,execution/{checkpoints,failures,phase,runner,step}}.ts"],
    tests: ["test/jobs/{abort,store/record,execution/*}.test.ts"],
  },
  {
    name: "folder",
    files: [
      "src/jobs/redis-process/{file-size-limit,instance-guard,redis-contents,redis-ending,redis-folder,redis-probe}.ts",
    ],
    tests: ["test/jobs/redis-process/*.test.ts"],
  },
  {
    name: "redis",
    files: ["src/jobs/{store/{connection,durability},redis-process/{embedded-redis,redis-intact}}.ts"],
    tests: [
      "test/jobs/store/store-error.test.ts",
      "test/jobs/redis/{damaged-folder,durability,embedded-redis,external-redis}.test.ts",
    ],
    onRedis: true,
  },
  {
    name: "records",
    files: ["src/jobs/store/{audit,notes,registry}.ts"],
    tests: ["test/jobs/store/stored-records.test.ts", "test/jobs/redis/{chats,contracts,many}.test.ts"],
    onRedis: true,
  },
  {
    name: "unreadable",
    files: ["src/jobs/store/unreadable.ts"],
    tests: ["test/jobs/redis/unreadable.test.ts"],
    onRedis: true,
  },
  {
    name: "queue",
    files: ["src/jobs/**/*.ts"],
    tests: ["test/jobs/redis/{claims,clocks,contracts,deploy-turns,many,operations,undo}.test.ts"],
    onRedis: true,
  },
];

/** The files of `paths`, which are folders, files or patterns, by suite; suites without any are absent. */
export function filesBySuite(paths: readonly string[]): Map<Suite, string[]> {
  const asked = paths.flatMap((path) => globSync([path, `${path}/**`])).filter((path) => path.endsWith(".ts"));
  const bySuite = new Map<Suite, string[]>();
  const seen = new Set<string>();
  for (const suite of SUITES) {
    const files = globSync([...suite.files]).filter((file) => asked.includes(file) && !seen.has(file));
    for (const file of files) seen.add(file);
    if (files.length > 0) bySuite.set(suite, files);
  }
  return bySuite;
}
