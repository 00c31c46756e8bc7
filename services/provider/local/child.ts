import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { isErrno } from "../../../src/core/errno.ts";
import { OpsError, stopped } from "../../../src/core/errors.ts";

export interface ChildOptions {
  readonly signal?: AbortSignal;
  /** Both output streams are appended to this file instead of being returned. */
  readonly logFile?: string;
  readonly cwd?: string;
  /** Sent to standard input, which is then closed. */
  readonly stdin?: string;
}

export interface ChildResult {
  /** 128 + signal number when the program was killed. */
  readonly exitCode: number;
  /** Standard output and standard error as they came, the last 64 KiB; empty with a `logFile`. */
  readonly output: string;
}

const KEPT_OUTPUT_BYTES = 64 * 1024;
const EXIT_CODE_OF_SIGKILL = 137;

/**
 * Runs a program in a process group of its own, which is killed as a whole when `signal` aborts. Any exit code is a result.
 * @throws OpsError `tool-missing` when the program is not installed, `cancelled` after an abort.
 */
export async function runChild(argv: readonly [string, ...string[]], options: ChildOptions = {}): Promise<ChildResult> {
  if (options.signal?.aborted) throw stopped(options.signal);
  const log = options.logFile === undefined ? null : await open(options.logFile, "a");
  try {
    return await waitFor(argv, options, log?.fd ?? "pipe");
  } finally {
    await log?.close();
  }
}

function waitFor(
  argv: readonly [string, ...string[]],
  options: ChildOptions,
  out: number | "pipe",
): Promise<ChildResult> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      detached: true,
      stdio: [options.stdin === undefined ? "ignore" : "pipe", out, out],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    // A program that ends without reading everything says so by its exit code.
    child.stdin?.on("error", () => undefined).end(options.stdin);
    let output = "";
    const keep = (chunk: string) => {
      output = (output + chunk).slice(-KEPT_OUTPUT_BYTES);
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    const kill = () => killGroup(child.pid);
    options.signal?.addEventListener("abort", kill, { once: true });
    child.once("error", (error) => {
      options.signal?.removeEventListener("abort", kill);
      reject(missingTool(program, error));
    });
    child.once("close", (code) => {
      options.signal?.removeEventListener("abort", kill);
      if (options.signal?.aborted) reject(stopped(options.signal));
      else resolve({ exitCode: code ?? EXIT_CODE_OF_SIGKILL, output });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

function missingTool(program: string, error: Error): OpsError {
  if (!isErrno(error, "ENOENT")) {
    return new OpsError({ code: "provider-failed", userMessage: `${program} could not be started.`, cause: error });
  }
  return new OpsError({
    code: "tool-missing",
    userMessage: `The program ${program} is not installed on this machine.`,
    hint: "Run `creel doctor`: it names the package that has it.",
    cause: error,
  });
}
