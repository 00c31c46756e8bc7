import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CREEL = fileURLToPath(new URL("../../scripts/creel", import.meta.url));

export interface Terminal extends AsyncDisposable {
  readonly stateDir: string;
  /** Of the Node process that is Creel. */
  pid(): number;
  /** From its start to the first byte of the prompt. */
  readonly promptMs: number;
}

/** `creel start` as an owner runs it, in a pseudo-terminal, with a state folder of its own. Resolves at the prompt. */
export async function openTerminal(compileCache: string): Promise<Terminal> {
  const stateDir = mkdtempSync(join(tmpdir(), "creel-"));
  const config = join(stateDir, "creel.yaml");
  writeFileSync(config, "local:\n  internet: false\n");
  const startedMs = performance.now();
  // `exec`, so that the only child of script(1) becomes Creel itself.
  const child = spawn("script", ["-qefc", `exec '${CREEL}' start`, "/dev/null"], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TERM: "xterm",
      CREEL_STATE_DIR: stateDir,
      CREEL_CONFIG: config,
      NODE_COMPILE_CACHE: compileCache,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(child, "exit");
  const failed = ended.then(() => {
    throw new Error(`Creel ended before its prompt:\n${output}`);
  });
  failed.catch(() => undefined);
  while (!output.includes("creel> ")) await Promise.race([once(child.stdout, "data"), failed]);
  const pid = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  return {
    stateDir,
    promptMs: performance.now() - startedMs,
    pid,
    async [Symbol.asyncDispose]() {
      process.kill(pid(), "SIGTERM");
      await ended;
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
