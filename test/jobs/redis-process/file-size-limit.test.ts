import { execFileSync } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileSizeLimitReached } from "../../../src/jobs/redis-process/file-size-limit.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** So much that no other test of this process comes near it. */
const GB = 1e9;
const limitFiles = (soft: string) =>
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${soft}:unlimited`]);
const cause = new Error("write failed");

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, "redis", "appendonlydir", "data");
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(join(folder, "small"), "small");
  // Sparse: it takes no room.
  await writeFile(file, "");
});

test("without a limit none is reached", async () => {
  await truncate(file, GB);
  expect(await fileSizeLimitReached(folder, cause)).toBe(null);
});

describe.runIf(process.getuid?.() === 0)("a limit on the size of files", () => {
  beforeEach(() => void limitFiles(String(GB)));
  afterEach(() => void limitFiles("unlimited"));

  test("is named with the file that has reached it, however deep that lies", async () => {
    await truncate(file, GB);
    const reached = await fileSizeLimitReached(folder, cause);
    expect(reached).toMatchObject({ code: "capacity", cause });
    expect(reached?.userMessage).toContain(`${file} cannot grow`);
    expect(reached?.userMessage).toContain("1.0 GB");
  });

  test("is not what is wrong while no file has reached it", async () => {
    await truncate(file, GB - 1);
    expect(await fileSizeLimitReached(folder, cause)).toBe(null);
    expect(await fileSizeLimitReached(join(folder, "nowhere"), cause)).toBe(null);
  });
});
