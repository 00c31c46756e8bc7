import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** Libraries that take long to load, or much memory, and that most starts do not use. */
const HEAVY = ["age-encryption", "discord.js", "@discordjs/ws", "grammy", "read"];

test("a start loads no library before it has a use for it", async () => {
  const hook = `
    import { registerHooks } from "node:module";
    const resolve = (name, context, next) => {
      if (${JSON.stringify(HEAVY)}.includes(name)) console.error(name);
      return next(name, context);
    };
    registerHooks({ resolve });
  `;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(hook)}`, "src/main.ts", "--version"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  expect(stdout).toMatch(/\d+\.\d+\.\d+/);
  expect(stderr).toBe("");
});
