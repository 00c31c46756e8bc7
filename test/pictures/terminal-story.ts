import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { installCreel } from "../e2e/creel.ts";
import type { TerminalPicture } from "./picture.ts";
import { COLUMNS, openScreen, ROWS, type Screen } from "./terminal.ts";

const CREEL = fileURLToPath(new URL("../../scripts/creel", import.meta.url));
const PATIENCE_MS = 180_000;

/** A first session at the prompt, in a real pseudo-terminal and with a real host. */
export async function terminalStory(): Promise<TerminalPicture[]> {
  await using creel = installCreel();
  const { NO_COLOR: _, ...environment } = creel.environment;
  const child = spawn("script", ["-qefc", `stty cols ${COLUMNS} rows ${ROWS}; exec '${CREEL}' start`, "/dev/null"], {
    env: { ...environment, TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const screen = openScreen();
  child.stdout.setEncoding("utf8").on("data", screen.write);
  const shows = (pattern: RegExp) => screen.shows(pattern, AbortSignal.timeout(PATIENCE_MS));
  const say = (line: string) => child.stdin.write(`${line}\r`);
  try {
    await shows(/creel> $/);
    say("/deploy name:ada");
    await shows(/✓ Use the new host key.*\n.*● Gateway is ready +[2-9] s\n.*not ready[\s\S]*Next: /);
    const deploying = take("terminal-deploy", screen, /Creel is ready/);
    await shows(/✓ Deployed ada in [\s\S]*creel> $/);
    say("/status");
    await shows(/✓ ada is ready[\s\S]*creel> $/);
    say("/destroy ada");
    await shows(/Type ada to go ahead: $/);
    const deployed = take("terminal-status", screen, /creel> .deploy/);
    say("ada");
    await shows(/✓ Removed ada[\s\S]*creel> $/);
    say("exit");
    await ended;
    return [deploying, deployed];
  } finally {
    // As when its window is closed; nothing when it has ended.
    child.kill();
    await ended;
  }
}

/** What stands there from the line on that matches, without the prompt that waits. */
function take(name: string, screen: Screen, from: RegExp): TerminalPicture {
  const lines = screen.lines();
  const end = lines.findLastIndex((line) => !/^(creel> )?$/.test(line)) + 1;
  const start = lines.findLastIndex((line) => from.test(line));
  return { kind: "terminal", name, html: screen.html(start, end) };
}
