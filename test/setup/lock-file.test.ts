import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const repository = resolve(import.meta.dirname, "../..");
const { packages } = JSON.parse(await readFile(join(repository, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** Where Node would look for `name` from `path`, innermost first. */
function places(path: string, name: string): string[] {
  const folders = path === "" ? [] : path.split("/node_modules/");
  const above = folders.map((_, depth) => `${folders.slice(0, depth + 1).join("/node_modules/")}/node_modules/${name}`);
  return [...above.reverse(), `node_modules/${name}`];
}

describe("the lock file", () => {
  test("has every package that another one asks for, also those for other systems: else `npm ci` refuses it", () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.devDependencies, ...entry.optionalDependencies })
        .filter((name) => !places(path, name).some((place) => place in packages))
        .map((name) => `${path || "creel"} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test("vouches for every package's bytes and names no registry", () => {
    const { "": _, ...others } = packages;
    expect(Object.entries(others).filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ""))).toEqual([]);
    expect(Object.entries(others).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test("has Node itself, for what Creel runs on, of one version", () => {
    const nodes = Object.entries(packages).filter(([path]) => /^node_modules\/node-linux-/.test(path));
    expect(nodes.map(([path]) => path.split("-").at(-1))).toEqual(["arm64", "x64"]);
    expect(new Set(nodes.map(([, { version }]) => version)).size).toBe(1);
    expect(`v${nodes[0]?.[1].version}`).toBe(process.version);
    expect(packages).not.toHaveProperty("node_modules/node");
  });
});

describe("scripts/setup.d/tree-matches-lock.mjs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "creel-tree-"));
    await mkdir(join(folder, "node_modules"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** `installed`: versions by package. */
  async function matches(installed: Readonly<Record<string, string>>): Promise<boolean> {
    const wanted = {
      "": { version: "1.0.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/other-system": { version: "2.0.0", optional: true },
    };
    await writeFile(join(folder, "package-lock.json"), JSON.stringify({ packages: wanted }));
    const known = Object.fromEntries(
      Object.entries(installed).map(([name, version]) => [`node_modules/${name}`, { version }]),
    );
    await rm(join(folder, "node_modules"), { recursive: true });
    for (const [name, version] of Object.entries(installed)) {
      await mkdir(join(folder, "node_modules", name), { recursive: true });
      await writeFile(join(folder, "node_modules", name, "package.json"), JSON.stringify({ version }));
    }
    await mkdir(join(folder, "node_modules"), { recursive: true });
    await writeFile(join(folder, "node_modules/.package-lock.json"), JSON.stringify({ packages: known }));
    try {
      execFileSync(process.execPath, [join(repository, "scripts/setup.d/tree-matches-lock.mjs")], { cwd: folder });
      return true;
    } catch {
      return false;
    }
  }

  test("accepts a tree without packages for other systems, and no other difference", async () => {
    expect(await matches({ a: "1.0.0" })).toBe(true);
    expect(await matches({})).toBe(false);
    expect(await matches({ a: "1.0.1" })).toBe(false);
    expect(await matches({ a: "1.0.0", b: "1.0.0" })).toBe(false);
    // Node is such a package: an old one would stay for ever.
    expect(await matches({ a: "1.0.0", "other-system": "1.9.0" })).toBe(false);
  });
});
