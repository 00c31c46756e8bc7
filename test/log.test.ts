import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { fileLog } from "../src/log.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "creel-log-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What is written to standard error until the end of the test. */
function overheard(): string[] {
  const said: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  onTestFinished(() => spy.mockRestore());
  return said;
}

it("is one redacted line of JSON per error", () => {
  const file = join(folder(), "creel.log");
  fileLog(file, (text) => text.replaceAll("hunter2", "[redacted]")).error(new Error("hunter2 is refused"));
  const [line = "", end] = readFileSync(file, "utf8").split("\n");
  expect(JSON.parse(line)).toMatchObject({ error: [{ message: "[redacted] is refused" }] });
  expect(end).toBe("");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("that cannot be written says so once, in words, and throws nothing", () => {
  const file = join(folder(), "missing", "creel.log");
  const said = overheard();
  const log = fileLog(file, (text) => text);
  log.error(new Error("one"));
  log.error(new Error("two"));
  expect(said).toEqual([`creel: ${file} cannot be written: no such file or directory.\n`]);
});
