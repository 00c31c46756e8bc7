import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openPty as open } from "../pty.ts";

const demo = join(import.meta.dirname, "demo.script.ts");

const DEMO = `'${process.execPath}' '${demo}'`;

const openPty = (environment: Readonly<Record<string, string>>, program = DEMO) => open(environment, program);

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
  await terminal.shows(/1 deploy is under way[\s\S]*Type wait or leave: /);
  terminal.type("leave\r");
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).not.toContain("\x1b[32m");
});

describe("Ctrl-Z", () => {
  async function openShell(environment: Readonly<Record<string, string>> = {}) {
    const shell = openPty({ PS1: "shell$ ", NO_COLOR: "1", ...environment }, "bash --norc --noprofile -i");
    await shell.shows(/shell\$ /);
    return shell;
  }

  // As a shell's own child, and as npm does it: below a shell without job control that waits for it.
  test.each([DEMO, `sh -c "${DEMO}; exit"`])(
    "gives the terminal back to the shell, and fg comes back: %s",
    async (line) => {
      using terminal = await openShell();
      terminal.type(`${line}\r`);
      await terminal.shows(/creel> $/);
      terminal.type("/he");
      await terminal.shows(/\/he/);
      terminal.type("\x1a");
      await terminal.shows(/Stopped[\s\S]*shell\$ /);
      terminal.type("stty -a\r");
      await terminal.shows(/[^-]icanon/);
      await terminal.shows(/[^-]echo [\s\S]*shell\$ /);
      terminal.type("fg\r");
      await terminal.shows(/creel> \/he/);
      terminal.type("lp\r");
      await terminal.shows(/Commands[\s\S]*creel> /);
      terminal.type("\x04");
      await terminal.shows(/shell\$ /);
      terminal.type("exit $?\r");
      expect(await terminal.exit).toBe(0);
    },
  );

  test("while watching leaves what stands there, and progress goes on below", async () => {
    using terminal = await openShell({ PACE: "100000" });
    terminal.type(`${DEMO}\r`);
    await terminal.shows(/creel> /);
    terminal.type("/deploy name:ada\r");
    await terminal.shows(/● Check the request/);
    terminal.type("\x1a");
    await terminal.shows(/Stopped[\s\S]*shell\$ /);
    terminal.type("fg\r");
    await terminal.shows(/fg\r\n[\s\S]*Deploying ada\r\n/);
    terminal.type("\x03");
    await terminal.shows(/goes on without you watching[\s\S]*creel> /);
    terminal.type("\x04");
    await terminal.shows(/Type wait or leave: /);
    terminal.type("\x04");
    await terminal.shows(/shell\$ /);
    terminal.type("exit\r");
    expect(await terminal.exit).toBe(0);
  });

  test("without a shell that could continue it changes nothing", async () => {
    using terminal = openPty({});
    await terminal.shows(/creel> /);
    terminal.type("\x1a");
    terminal.type("/help\r");
    await terminal.shows(/Commands[\s\S]*creel> /);
    terminal.type("\x04");
    expect(await terminal.exit).toBe(0);
  });
});

test("a terminal that goes away is the end of the session and of nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pty-"));
  const errors = join(folder, "errors");
  const terminal = openPty({}, `sh -c "trap '' HUP; ${DEMO} 2>'${errors}'; echo ended with $? >>'${errors}'"`);
  await terminal.shows(/creel> /);
  terminal.hangUp();
  await expect.poll(() => readFileSync(errors, "utf8")).toMatch(/ended with 0\n$/);
  rmSync(folder, { recursive: true });
});
