import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { manifestFor, readRedisFolder, sizeOf, writtenBy } from "../../../src/jobs/redis-process/redis-folder.ts";
import { temporaryFolder } from "../temporary-folder.ts";

let path: string;
const dataPath = () => join(path, "appendonlydir");
const manifestPath = () => join(dataPath(), "appendonly.aof.manifest");
beforeEach(async () => {
  path = await temporaryFolder();
  await mkdir(dataPath());
});

const base = { name: "appendonly.aof.2.base.rdb", type: "base", sequence: 2 } as const;
const commands = { name: "appendonly.aof.3.incr.aof", type: "incremental", sequence: 3 } as const;

describe("a folder of Redis'", () => {
  test("may be missing or empty: then it holds nothing", async () => {
    const nothing = { manifest: null, data: [], foreign: [] };
    expect(await readRedisFolder(path)).toEqual({
      ...{ path, dataPath: dataPath(), manifestPath: manifestPath() },
      ...nothing,
    });
    expect(await readRedisFolder(join(path, "nowhere"))).toMatchObject(nothing);
    await writeFile(join(path, "a-file"), "");
    await expect(readRedisFolder(join(path, "a-file"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  test("holds data under the names that Redis gives it", async () => {
    const names = ["appendonly.aof.12.base.aof", base.name, commands.name, "appendonly.aof.manifest"];
    const others = ["appendonly.aof.1.base.rdb.old", "xappendonly.aof.1.base.rdb", "appendonly.aof.x.incr.aof"];
    for (const name of [...names, ...others]) await writeFile(join(dataPath(), name), "");
    const { data } = await readRedisFolder(path);
    expect(data.toSorted((one, other) => one.sequence - other.sequence)).toEqual([
      base,
      commands,
      { name: "appendonly.aof.12.base.aof", type: "base", sequence: 12 },
    ]);
  });

  test("may hold what another Redis has written", async () => {
    const beside = ["dump.rdb", "appendonly.aof", "temp-12.rdb", "redis.log", "rdb.txt"];
    const inside = ["other.aof.manifest", "appendonly.aof.1.base.rdb", "temp-rewriteaof-1.aof", "notes.txt"];
    for (const name of beside) await writeFile(join(path, name), "");
    for (const name of inside) await writeFile(join(dataPath(), name), "");
    expect((await readRedisFolder(path)).foreign.toSorted()).toEqual([
      join(path, "appendonly.aof"),
      join(dataPath(), "other.aof.manifest"),
      join(path, "dump.rdb"),
    ]);
  });
});

describe("the list of its files", () => {
  const listed = async (text: string) => {
    await writeFile(manifestPath(), text);
    return (await readRedisFolder(path)).manifest;
  };
  const line = `file ${base.name} seq 2 type b`;

  test.each([
    `${line}\nfile ${commands.name} seq 3 type i\n`,
    `# made by Redis\n\n${line}\nfile gone.aof seq 1 type h\nfile ${commands.name} seq 3 type i`,
    `${line} startoffset 12\r\nseq 3 type i file ${commands.name}\n`,
  ])("is read: %j", async (text) => {
    expect(await listed(text)).toEqual([base, commands]);
  });

  test.each([
    "",
    "# nothing\n",
    "file gone.aof seq 1 type h\n",
    "nonsense\n",
    `file ../${base.name} seq 2 type b\n`,
    `file ${base.name} seq 2.5 type b\n`,
    `file ${base.name} seq two type b\n`,
    `file ${base.name} seq 2\n`,
    `seq 2 type b\n`,
    `file  seq 2 type b\n`,
    `${line}\nfile ${base.name} seq 2 type bb\n`,
    `${line}\nfile ${base.name} seq 2 type xb\n`,
    `${line}\nfile ${base.name} seq 2 type 1\n`,
  ])("is none: %j", async (text) => {
    expect(await listed(text)).toBe("unreadable");
  });

  test("may name a kind that only a newer Redis knows", async () => {
    expect(await listed(`${line}\nfile new.aof seq 3 type n\n`)).toBe("newer");
  });

  test("can be made from the files: the newest base, and what came since", () => {
    const older = { name: "appendonly.aof.1.base.rdb", type: "base", sequence: 1 } as const;
    const at = (sequence: number) => ({ ...commands, name: `appendonly.aof.${sequence}.incr.aof`, sequence });
    expect(manifestFor([at(3), base, at(1), older, at(2)])).toEqual([
      `file ${base.name} seq 2 type b`,
      "file appendonly.aof.2.incr.aof seq 2 type i",
      "file appendonly.aof.3.incr.aof seq 3 type i",
    ]);
    expect(manifestFor([commands])).toBe(null);
  });
});

describe("a file", () => {
  test("has a size, unless it is not there", async () => {
    await writeFile(join(path, "file"), "12345");
    expect(await sizeOf(join(path, "file"))).toBe(5);
    expect(await sizeOf(join(path, "nowhere"))).toBe(null);
    await expect(sizeOf(join(path, "file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  test.each([
    ["REDIS0010\u00fa\tredis-ver\u000510.2.30\u00fa", "10.2.30"],
    ["REDIS0010\u00fa\tredis-bits\u00c0@", null],
    [`REDIS0010${"x".repeat(128)}redis-ver\u00057.0.15`, null],
    ["", null],
  ])("says by which Redis it was written: %j", async (text, version) => {
    await writeFile(join(path, "base.rdb"), text, "latin1");
    expect(await writtenBy(join(path, "base.rdb"))).toBe(version);
  });

  test("that is not there was written by nobody", async () => {
    expect(await writtenBy(join(path, "nowhere"))).toBe(null);
  });
});
