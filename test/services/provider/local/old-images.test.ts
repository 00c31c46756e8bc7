import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runChild } from "../../../../services/provider/local/child.ts";
import { noteUse, removeOldImages } from "../../../../services/provider/local/old-images.ts";

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "creel-old-"));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

async function keep(...names: string[]) {
  for (const name of names) {
    await mkdir(join(cacheDir, name, "rootfs"), { recursive: true });
    await writeFile(join(cacheDir, name, "image.json"), "{}");
  }
  return names.map((name) => ({ directory: join(cacheDir, name) }));
}

test("the newest, the one before, and what a host stands on stay; others go", async () => {
  const all = await keep("e", "d", "c", "b", "a");
  await removeOldImages(all, [join(cacheDir, "b")], "building-");
  expect(await readdir(cacheDir)).toEqual(["b", "d", "e"]);
  await removeOldImages(all.slice(0, 2), [], "building-");
  expect(await readdir(cacheDir)).toEqual(["b", "d", "e"]);
});

test("as long as nobody knows what hosts stand on, all stay", async () => {
  const all = await keep("d", "c", "b", "a");
  await removeOldImages(all, null, "building-");
  expect(await readdir(cacheDir)).toEqual(["a", "b", "c", "d"]);
});

test("one that somebody who shares the cache has made a host from lately stays", async () => {
  const all = await keep("e", "d", "c", "b", "a");
  await noteUse(join(cacheDir, "b"));
  await removeOldImages(all, [], "building-");
  expect(await readdir(cacheDir)).toEqual(["b", "d", "e"]);
  await removeOldImages(
    all.slice(0, 2).concat(all.slice(3, 4)),
    [],
    "building-",
    Date.now() + 31 * 24 * 60 * 60 * 1000,
  );
  expect(await readdir(cacheDir)).toEqual(["d", "e"]);
});

test.skipIf(process.getuid?.() !== 0)("one that is mounted stays, whoever has mounted it, and wherever", async () => {
  const all = await keep("d", "c", "b", "a");
  const stop = new AbortController();
  // In a mount namespace of its own, as under a host: this process does not see it.
  const script = `mount --bind ${cacheDir}/a/rootfs /mnt && : >${cacheDir}/mounted && sleep 600`;
  const holder = runChild(["unshare", "--mount", "sh", "-c", script], { signal: stop.signal });
  await expect.poll(() => readdir(cacheDir)).toContain("mounted");
  try {
    await removeOldImages(all, [], "building-");
    expect(await readdir(cacheDir)).toEqual(["a", "c", "d", "mounted"]);
  } finally {
    stop.abort();
    await holder.catch(() => undefined);
  }
});
