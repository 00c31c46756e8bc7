import { afterEach, expect, it, vi } from "vitest";
import { runChild } from "../../../../services/provider/local/child.ts";
import { missingTools } from "../../../../services/provider/local/machine.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ["before it is started", (abort: AbortController) => abort.abort()],
  ["while it runs", (abort: AbortController) => void setImmediate(() => abort.abort())],
])("a program that is stopped %s is cancelled, in Creel's own words", async (_when, stop) => {
  const abort = new AbortController();
  stop(abort);
  await expect(runChild(["sleep", "60"], { signal: abort.signal })).rejects.toMatchObject({ code: "cancelled" });
});

it.each([
  ["Debian's ordinary users have", "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"],
  ["is empty", ""],
])("administrators' programs are found with the PATH that %s", async (_whose, path) => {
  vi.stubEnv("PATH", path);
  expect(await missingTools(["chroot", "no-such-program-here"])).toEqual(["no-such-program-here"]);
  expect(await runChild(["chroot", "--version"])).toMatchObject({ exitCode: 0 });
});

it("the PATH of whoever started Creel comes first", async () => {
  vi.stubEnv("PATH", "/first:/usr/bin:/bin:/usr/sbin");
  const { output } = await runChild(["sh", "-c", 'echo "$PATH $ADDED"'], { env: { ADDED: "too" } });
  expect(output).toBe("/first:/usr/bin:/bin:/usr/sbin:/usr/local/sbin:/sbin too\n");
});
