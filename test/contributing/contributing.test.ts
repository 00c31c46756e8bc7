import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["src", "commands", "services", "test", "tsconfig.json", "vitest.config.ts", "biome.json"];
const ALSO_COPIED = ["package.json", ".dependency-cruiser.mjs", "creel.example.yaml"];
/** Everything in it takes a while on a busy machine. */
const PATIENCE_MS = 10 * 60_000;

interface CodeBlock {
  readonly path: string;
  readonly code: string;
}

/** Blocks of code that say which file they are. */
async function walkThroughs(): Promise<readonly CodeBlock[]> {
  const text = await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const found = [...text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)];
  return found.map(([, path = "", code = ""]) => ({ path, code }));
}

const isList = ({ path }: CodeBlock) => path.endsWith("/index.ts");

/** As CONTRIBUTING.md says: what is imported goes into the list. */
function listed(text: string, { path, code }: CodeBlock): string {
  const [, name] = /^import \{ (\w+) \} from "[^"]+";\n$/.exec(code) ?? [];
  if (name === undefined) throw new Error(`What goes into ${path} is not one import: ${code}`);
  const [list] = /= \[[^\]]*/.exec(text) ?? [];
  if (list === undefined) throw new Error(`There is no list in ${path}.`);
  return code + text.replace(list, `${list}, ${name}`);
}

/** @throws with all that was said, when it does not exit with 0. */
async function inCopy(copy: string, program: string, args: readonly string[]): Promise<void> {
  // What this test runs in is none of its business.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_V8)/.test(name)),
  );
  const options = { cwd: copy, env: { ...env, NO_COLOR: "1" }, maxBuffer: 2 ** 26 };
  await promisify(execFile)(join(copy, "node_modules", program), [...args], options).catch((error: unknown) => {
    const { stdout = "", stderr = "" } = Object(error);
    throw new Error(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`);
  });
}

test("the question and the operation of CONTRIBUTING.md are their own files and an entry in each list, and work", {
  timeout: PATIENCE_MS,
}, async () => {
  const copy = await realpath(await mkdtemp(join(tmpdir(), "creel-contributing-")));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  for (const path of [...COPIED, ...ALSO_COPIED]) await cp(join(ROOT, path), join(copy, path), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));

  const blocks = await walkThroughs();
  const made = blocks.filter((block) => !isList(block));
  expect(made.map(({ path }) => path)).toEqual([
    ...["src/questions/where.ts", "commands/where.ts"],
    ...["src/operations/note.ts", "commands/note.ts"],
  ]);
  const lists = new Set(blocks.filter(isList).map(({ path }) => path));
  expect([...lists].toSorted()).toEqual(["commands/index.ts", "src/operations/index.ts"]);
  for (const { path, code } of made) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    // It is new: nothing is edited.
    await writeFile(join(copy, path), code, { flag: "wx" });
  }
  for (const block of blocks.filter(isList)) {
    const path = join(copy, block.path);
    await writeFile(path, listed(await readFile(path, "utf8"), block));
  }

  const changed = blocks.map(({ path }) => path);
  await inCopy(copy, ".bin/biome", ["check", "--write", "--error-on-warnings", ...lists]);
  await inCopy(copy, ".bin/biome", ["check", "--error-on-warnings", ...new Set(changed)]);
  await inCopy(copy, "typescript-native/bin/tsc", ["--noEmit"]);
  await inCopy(copy, ".bin/depcruise", ["--config", ".dependency-cruiser.mjs", "src", "commands", "services"]);
  // Tests that look at everything in a list do so here, too.
  const done = "test/contributing/walk-through.test.ts";
  await cp(join(copy, "test/contributing/walk-through.script.ts"), join(copy, done));
  const tests = [done, "test/commands", "test/operations/kinds.test.ts", "test/questions", "test/desk"];
  await inCopy(copy, ".bin/vitest", ["run", "--project", "unit", ...tests]);
});

test("every file that CONTRIBUTING.md names is there", async () => {
  const text = await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const made = (await walkThroughs()).map(({ path }) => path);
  const named = [
    ...text
      .replaceAll(/^```.*?^```$/gms, "")
      .matchAll(/`((?:src|commands|services|test|docs|scripts|bench)\/[^`\s]*)`/g),
  ];
  expect(named.length).toBeGreaterThan(10);
  for (const [, path = ""] of named) {
    // CAPITALS stand for a name.
    if (!made.includes(path) && !/\/[A-Z]+(?=[./]|$)/.test(path))
      await expect(realpath(join(ROOT, path)), path).resolves.toBeTruthy();
  }
});
