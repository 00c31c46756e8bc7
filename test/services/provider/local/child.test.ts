import { expect, it } from "vitest";
import { runChild } from "../../../../services/provider/local/child.ts";

it.each([
  ["before it is started", (abort: AbortController) => abort.abort()],
  ["while it runs", (abort: AbortController) => void setImmediate(() => abort.abort())],
])("a program that is stopped %s is cancelled, in Creel's own words", async (_when, stop) => {
  const abort = new AbortController();
  stop(abort);
  await expect(runChild(["sleep", "60"], { signal: abort.signal })).rejects.toMatchObject({ code: "cancelled" });
});
