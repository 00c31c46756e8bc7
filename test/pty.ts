import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";

/** A program in a real pseudo-terminal, made by script(1). */
export function openPty(environment: Readonly<Record<string, string>>, program: string) {
  const child = spawn("script", ["-qefc", `stty cols 80 rows 24; ${program}`, "/dev/null"], {
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
    /** As when a window is closed or a connection breaks. */
    hangUp: () => void child.kill("SIGKILL"),
    exit: once(child, "exit").then(([code]: unknown[]) => code),
    [Symbol.dispose]: () => void child.kill(),
  };
}
