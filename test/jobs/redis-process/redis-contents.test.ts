import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { contentsPath, lossSince, noteContents, readContents } from "../../../src/jobs/redis-process/redis-contents.ts";
import { readRedisFolder } from "../../../src/jobs/redis-process/redis-folder.ts";
import { temporaryFolder } from "../temporary-folder.ts";

let stateDir: string;
const redis = () => join(stateDir, "redis");
const data = (name: string) => join(redis(), "appendonlydir", `appendonly.aof.${name}`);
const line = (name: string, sequence: number, type: string) =>
  `file appendonly.aof.${name} seq ${sequence} type ${type}\n`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

beforeEach(async () => {
  stateDir = await temporaryFolder();
  await mkdir(join(redis(), "appendonlydir"), { recursive: true });
  await writeFile(data("1.base.rdb"), "base");
  await writeFile(data("1.incr.aof"), "commands");
  await writeFile(data("2.incr.aof"), "");
  await writeFile(
    data("manifest"),
    line("1.base.rdb", 1, "b") + line("1.incr.aof", 1, "i") + line("2.incr.aof", 2, "i"),
  );
});

const note = async () => noteContents(stateDir, await readRedisFolder(redis()));
const loss = async () => {
  const { manifest, dataPath } = await readRedisFolder(redis());
  const contents = await readContents(stateDir);
  if (contents === null || contents === "unreadable" || !Array.isArray(manifest)) throw new Error("nothing to compare");
  return lossSince(contents, manifest, dataPath);
};

describe("what is noted", () => {
  test("is every listed file with its size and digest, for nobody else to read", async () => {
    await note();
    expect(await readContents(stateDir)).toEqual({
      format: 1,
      files: [
        { name: "appendonly.aof.1.base.rdb", type: "base", sequence: 1, bytes: 4, sha256: sha256("base") },
        { name: "appendonly.aof.1.incr.aof", type: "incremental", sequence: 1, bytes: 8, sha256: sha256("commands") },
        { name: "appendonly.aof.2.incr.aof", type: "incremental", sequence: 2, bytes: 0, sha256: sha256("") },
      ],
    });
    expect((await stat(contentsPath(stateDir))).mode & 0o777).toBe(0o600);
    expect((await readdir(stateDir)).toSorted()).toEqual(["redis", "redis-contents.json"]);
  });

  test("is written again only when something has changed", async () => {
    await note();
    await utimes(contentsPath(stateDir), 1, 1);
    await note();
    expect((await stat(contentsPath(stateDir))).mtimeMs).toBe(1_000);
    await writeFile(data("1.incr.aof"), "commands and more");
    await note();
    const sizes = async () => {
      const contents = await readContents(stateDir);
      return contents === null || contents === "unreadable" ? contents : contents.files.map(({ bytes }) => bytes);
    };
    expect(await sizes()).toEqual([4, 17, 0]);
    await writeFile(data("manifest"), line("1.base.rdb", 1, "b") + line("1.incr.aof", 1, "i"));
    await note();
    expect(await sizes()).toEqual([4, 17]);
    await writeFile(data("3.incr.aof"), "commands and more");
    await writeFile(data("manifest"), line("1.base.rdb", 1, "b") + line("3.incr.aof", 3, "i"));
    await note();
    expect(JSON.stringify(await readContents(stateDir))).toContain("appendonly.aof.3.incr.aof");
  });

  test("is not touched by a folder whose list cannot be read", async () => {
    await note();
    await rm(data("manifest"));
    await note();
    expect(await readContents(stateDir)).toMatchObject({ files: { length: 3 } });
  });

  test.each(["", "{}", '{"format":2,"files":[]}', '{"format":1,"files":[{"name":"x"}]}'])(
    "is unreadable as %j, and written anew",
    async (text) => {
      await writeFile(contentsPath(stateDir), text);
      expect(await readContents(stateDir)).toBe("unreadable");
      await note();
      expect(await readContents(stateDir)).toMatchObject({ files: { length: 3 } });
    },
  );

  test("may be nothing yet, or not to be read at all", async () => {
    expect(await readContents(stateDir)).toBe(null);
    await mkdir(contentsPath(stateDir));
    await expect(readContents(stateDir)).rejects.toMatchObject({ code: "EISDIR" });
  });
});

describe("a loss", () => {
  const name = "appendonly.aof.1.incr.aof";
  beforeEach(note);

  test("is none as long as files grow", async () => {
    expect(await loss()).toBe(null);
    await writeFile(data("1.incr.aof"), "commands and more");
    await writeFile(data("2.incr.aof"), "more");
    expect(await loss()).toBe(null);
  });

  test("is a file that is shorter, changed or gone", async () => {
    await truncate(data("1.incr.aof"), 7);
    expect(await loss()).toEqual({ type: "shorter", name, file: "incremental", bytes: 7, expected: 8 });
    await writeFile(data("1.incr.aof"), "Commands and more");
    expect(await loss()).toEqual({ type: "changed", name, file: "incremental" });
    await rm(data("1.incr.aof"));
    expect(await loss()).toEqual({ type: "missing", name, file: "incremental" });
  });

  test("is a file that is not listed any more, unless a newer one of its kind is", async () => {
    await writeFile(data("manifest"), line("1.base.rdb", 1, "b") + line("2.incr.aof", 2, "i"));
    expect(await loss()).toBe(null);
    await writeFile(data("manifest"), line("1.base.rdb", 1, "b") + line("1.incr.aof", 1, "i"));
    expect(await loss()).toMatchObject({ type: "missing", name: "appendonly.aof.2.incr.aof" });
    await writeFile(data("manifest"), line("1.incr.aof", 1, "i") + line("2.incr.aof", 2, "i"));
    expect(await loss()).toEqual({ type: "missing", name: "appendonly.aof.1.base.rdb", file: "base" });
  });

  test("is none after a rewrite of everything", async () => {
    for (const old of ["1.base.rdb", "1.incr.aof", "2.incr.aof"]) await rm(data(old));
    await writeFile(data("3.base.rdb"), "b");
    await writeFile(data("3.incr.aof"), "");
    await writeFile(data("manifest"), line("3.base.rdb", 3, "b") + line("3.incr.aof", 3, "i"));
    expect(await loss()).toBe(null);
  });
});

test("the note is a text that people can read", async () => {
  await note();
  const text = await readFile(contentsPath(stateDir), "utf8");
  expect(text.split("\n").length).toBeGreaterThan(20);
  expect(text.endsWith("}\n")).toBe(true);
});
