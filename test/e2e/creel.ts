import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imagesIn } from "../../services/provider/local/cached-images.ts";
import { loadConfig } from "../../src/config.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Golden images are shared by all tests and all runs. */
export const IMAGES_DIR = imagesIn(loadConfig().cacheDir);

/** End-to-end tests need root. Without it they are skipped, and say so; on CI that is a failure. */
export function canRunHosts(): boolean {
  if (process.getuid?.() === 0) return true;
  if (process.env.CI === "true") throw new Error("End-to-end tests need root, and on CI they must run.");
  console.warn("\nSKIPPED: end-to-end tests need root for systemd-nspawn. Run them with sudo.\n");
  return false;
}

/** An owner's machine: a state folder and a configuration of its own, and every process that was started on it. */
export interface Installation extends AsyncDisposable {
  readonly stateDir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Everything all of them printed, in order. */
  transcript(): string;
  start(...args: string[]): RunningCreel;
  /** As a service manager does it: with nothing on standard input. Stop it with `end()`. */
  serve(...args: string[]): RunningCreel;
}

export interface RunningCreel {
  readonly process: ChildProcess;
  /** Types a line. */
  type(line: string): void;
  /** Ends standard input, or asks a service to stop; resolves with the exit code and everything it printed. */
  end(): Promise<{ readonly exitCode: number | null; readonly output: string }>;
  /** Resolves with the exit code when it ends by itself. */
  exited(): Promise<number | null>;
  /** Resolves as soon as the output matches; rejects when the process ends first. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  /** kill -9 of Creel itself, not of what it started. */
  kill(): Promise<void>;
  output(): string;
}

/** `settings` is the text of creel.yaml, added to what tests always set. */
export function installCreel(settings = "", environment: Readonly<Record<string, string>> = {}): Installation {
  // Short, because a Redis socket below it has to fit into 107 bytes.
  const stateDir = mkdtempSync(join(tmpdir(), "creel-"));
  const config = join(stateDir, "creel.yaml");
  writeFileSync(config, `local:\n  internet: false\n${settings}`);
  const running = new Set<ChildProcess>();
  const printed: string[] = [];
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "/root",
    ...(process.env.CREEL_CACHE_DIR ? { CREEL_CACHE_DIR: process.env.CREEL_CACHE_DIR } : {}),
    CREEL_STATE_DIR: stateDir,
    CREEL_CONFIG: config,
    NO_COLOR: "1",
    ...environment,
  };

  const launch = (args: string[], stdin: "pipe" | "ignore") => {
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: [stdin, "pipe", "pipe"], cwd: stateDir });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return follow(child, (text) => printed.push(text));
  };

  return {
    stateDir,
    environment: env,
    transcript: () => printed.join(""),
    start: (...args) => launch(args, "pipe"),
    serve: (...args) => launch(args, "ignore"),
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill("SIGKILL");
      await destroyLeftovers(stateDir, env);
      rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

function follow(child: ChildProcess, onText: (text: string) => void): RunningCreel {
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onText(text);
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    process: child,
    output: () => output,
    exited: () => ended,
    type: (line) => child.stdin?.write(`${line}\n`),
    async end() {
      if (child.stdin === null) child.kill("SIGTERM");
      else child.stdin.end();
      return { exitCode: await ended, output };
    },
    printed(pattern) {
      const seen = Promise.withResolvers<RegExpMatchArray>();
      const look = () => {
        const match = output.match(pattern);
        if (match) seen.resolve(match);
      };
      listeners.add(look);
      ended.then((code) => seen.reject(new Error(`Creel ended (${code}) before it printed ${pattern}:\n${output}`)));
      look();
      return seen.promise.finally(() => listeners.delete(look));
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A failed test must not leave hosts behind: whatever the state folder still has is removed by Creel's own provider. */
async function destroyLeftovers(stateDir: string, env: Readonly<Record<string, string>>): Promise<void> {
  if (!existsSync(join(stateDir, "hosts"))) return;
  const script = fileURLToPath(new URL("./destroy-all.script.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "inherit", "inherit"] });
  await new Promise((resolve) => child.once("exit", resolve));
}
