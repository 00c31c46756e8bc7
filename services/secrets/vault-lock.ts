import { open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { OpsError } from "../../src/core/errors.ts";

/** SQLite's code for a lock that somebody else holds. */
const BUSY = 5;
const PATIENCE_MS = 10_000;

/**
 * Runs `work` while no other process does the same with `file`. The mark is a lock of the kernel's, taken through SQLite, so it goes with the
 * process, however that dies. Not for calls inside each other.
 * @throws OpsError `secret-unavailable` when another process keeps it for longer than ten seconds, or the file takes no lock.
 */
export async function withVaultLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const lock = await take(file);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function take(file: string): Promise<DatabaseSync> {
  const deadline = performance.now() + PATIENCE_MS;
  await (await open(file, "a", 0o600)).close();
  for (;;) {
    const lock = new DatabaseSync(file, { timeout: 0 });
    try {
      lock.exec("BEGIN EXCLUSIVE");
      return lock;
    } catch (cause) {
      lock.close();
      const isBusy = cause instanceof Error && "errcode" in cause && cause.errcode === BUSY;
      if (!isBusy || performance.now() > deadline) throw notTaken(file, isBusy, cause);
      await delay(20);
    }
  }
}

function notTaken(file: string, isBusy: boolean, cause: unknown): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: isBusy
      ? "Another process is changing the vault and does not come to an end."
      : `${file} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: isBusy ? "Try again when it has ended." : "Look at the disk of the state folder.",
    cause,
  });
}
