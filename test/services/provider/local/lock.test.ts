import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withFileLock } from "../../../../services/provider/local/lock.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-lock-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const never = new AbortController().signal;
const MODULE = new URL("../../../../services/provider/local/lock.ts", import.meta.url).href;

it("lets one in at a time and gives the result back", async () => {
  const file = join(directory, "one");
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise(setImmediate);
    inside -= 1;
    return "done";
  };
  const all = await Promise.all([1, 2, 3].map(() => withFileLock(file, never, () => undefined, work)));
  expect(all).toEqual(["done", "done", "done"]);
});

it("is free again when the process that held it was killed", async () => {
  const file = join(directory, "killed");
  const script = `import { withFileLock } from ${JSON.stringify(MODULE)};
    await withFileLock(process.argv[1], new AbortController().signal, () => undefined, () => {
      console.log("inside");
      return new Promise(() => setInterval(() => undefined, 1000));
    });`;
  const holder = spawn(process.execPath, ["--input-type=module", "--eval", script, file]);
  await once(holder.stdout, "data");
  let waited = 0;
  const mine = withFileLock(
    file,
    never,
    () => {
      waited += 1;
      holder.kill("SIGKILL");
    },
    async () => "mine",
  );
  expect(await mine).toBe("mine");
  expect(waited).toBe(1);
});

it("stops waiting when it is told to, and the lock goes on", async () => {
  const file = join(directory, "stopped");
  const abort = new AbortController();
  await withFileLock(
    file,
    never,
    () => undefined,
    async () => {
      const waiting = withFileLock(
        file,
        abort.signal,
        () => abort.abort(),
        async () => "never",
      );
      await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    },
  );
  expect(
    await withFileLock(
      file,
      never,
      () => undefined,
      async () => "later",
    ),
  ).toBe("later");
});

it("frees the lock when the work fails", async () => {
  const file = join(directory, "failed");
  const failing = withFileLock(
    file,
    never,
    () => undefined,
    () => Promise.reject(new Error("work")),
  );
  await expect(failing).rejects.toThrow("work");
  expect(
    await withFileLock(
      file,
      never,
      () => undefined,
      async () => "next",
    ),
  ).toBe("next");
});
