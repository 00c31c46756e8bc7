import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeFolder } from "../src/folders.ts";

it("folders of Creel's own, and those made above them, are for nobody else", () => {
  const root = mkdtempSync(join(tmpdir(), "creel-folders-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const state = join(root, "above", "state");
  makeFolder(state, "CREEL_STATE_DIR");
  makeFolder(state, "CREEL_STATE_DIR");
  for (const path of [join(root, "above"), state]) expect(statSync(path).mode & 0o777).toBe(0o700);
});
