import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

const demo = join(import.meta.dirname, "demo.script.ts");

/** The demonstration in a real pseudo-terminal, made by script(1). */
function openPty(environment: Readonly<Record<string, string>>) {
  const child = spawn("script", ["-qefc", `stty cols 80 rows 24; '${process.execPath}' '${demo}'`, "/dev/null"], {
    env: { PATH: process.env.PATH, TERM: "xterm", PACE: "20", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let raw = "";
  let matchedTo = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    raw += chunk;
  });
  return {
    raw: () => raw,
    type: (keys: string) => void child.stdin.write(keys),
    async shows(pattern: RegExp) {
      for (;;) {
        const match = pattern.exec(stripVTControlCharacters(raw).slice(matchedTo));
        if (match !== null) {
          matchedTo += match.index + match[0].length;
          return;
        }
        await once(child.stdout, "data");
      }
    },
    exit: once(child, "exit").then(([code]: unknown[]) => code),
    [Symbol.dispose]: () => void child.kill(),
  };
}

test("a session in a real terminal", async () => {
  using terminal = openPty({});
  await terminal.shows(/creel> /);
  terminal.type("/deploy name:ada\r");
  await terminal.shows(/Deploying ada[\s\S]*✓ Deployed ada in [\s\S]*creel> /);
  terminal.type("/destroy ada\r");
  await terminal.shows(/Type ada to go ahead: /);
  terminal.type("ada\r");
  await terminal.shows(/✓ Removed ada[\s\S]*creel> /);
  terminal.type("\x03");
  await terminal.shows(/Press Ctrl-C again[\s\S]*creel> /);
  terminal.type("\x03");
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).toContain("\x1b[32m✓\x1b[39m");
});

test("Ctrl-C while watching reaches Creel and not the shell's way of killing it", async () => {
  using terminal = openPty({ PACE: "100000", NO_COLOR: "1" });
  await terminal.shows(/creel> /);
  terminal.type("/deploy name:ada\r");
  await terminal.shows(/● Check the request/);
  terminal.type("\x03");
  await terminal.shows(/goes on without you watching[\s\S]*creel> /);
  terminal.type("\x04");
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).not.toContain("\x1b[32m");
});
