import { spawn } from "node:child_process";
import { OpsError, stopped } from "../../../src/core/errors.ts";

/**
 * Holds an exclusive lock on `file` while `work` runs; waits as long as another process holds it. The lock lives in a child that
 * ends with its standard input, so the kernel frees it however this process dies.
 * @throws OpsError `cancelled` when `signal` aborts while waiting.
 */
export async function withFileLock<Result>(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw stopped(signal);
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = setTimeout(onWait, 500);
  const ended = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  const abort = () => holder.kill("SIGKILL");
  signal.addEventListener("abort", abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", reject);
      holder.once("close", () => reject(notLocked(file, signal)));
    });
    clearTimeout(waiting);
    // From here on an abort is the work's own business: the lock is kept until the work has let go.
    signal.removeEventListener("abort", abort);
    return await work();
  } finally {
    clearTimeout(waiting);
    signal.removeEventListener("abort", abort);
    holder.stdin.end();
    if (holder.pid !== undefined) await ended;
  }
}

function notLocked(file: string, signal: AbortSignal): OpsError {
  if (signal.aborted) return stopped(signal);
  return new OpsError({ code: "provider-failed", userMessage: `${file} could not be locked.` });
}
