import { setTimeout as delay } from "node:timers/promises";
import { asOpsError, type ErrorCode, OpsError } from "../core/errors.ts";

const CONSOLE_LINES = 12;
const READ_MS = 10_000;
/** What a console can explain: it shows the boot and its end, and nothing of the gateway or of Creel's own settings. */
const OF_THE_BOOT: ReadonlySet<ErrorCode> = new Set(["first-boot-failed", "host-unreachable"]);

/** The end of a host's console, where that explains the failure; else nothing. Never throws: evidence must not hide what it explains. */
export async function consoleEvidence(error: OpsError, read: (lines: number) => Promise<string[]>): Promise<string[]> {
  if (!isToldByConsole(error)) return [];
  try {
    const late = delay(READ_MS, ["The host's console did not answer in time."], { ref: false });
    return await Promise.race([read(CONSOLE_LINES), late]);
  } catch (problem) {
    return [`The host's console could not be read: ${asOpsError(problem).userMessage}`];
  }
}

/** A step that ran out of time has its last error as its cause. */
function isToldByConsole({ code, evidence, cause }: OpsError): boolean {
  if (evidence.length > 0) return false;
  return OF_THE_BOOT.has(code) || (code === "timed-out" && cause instanceof OpsError && isToldByConsole(cause));
}

const LAST_WORDS_MS = 3_000;

/**
 * While something comes up: adds the newest line of its log to what is thrown until then, so that a person sees that it moves. `read` is called at
 * most every three seconds of `elapsed`, for the first time after three. What it throws is forgotten.
 */
export function lastWords(elapsed: () => number) {
  let line: string | undefined;
  let readAtMs = elapsed();
  return async (error: unknown, read: () => Promise<readonly string[]>): Promise<unknown> => {
    if (!(error instanceof OpsError) || error.retry !== "later" || error.evidence.length > 0) return error;
    if (elapsed() - readAtMs >= LAST_WORDS_MS) {
      readAtMs = elapsed();
      line = (await read().catch(() => [])).at(-1) ?? line;
    }
    return line === undefined ? error : new OpsError({ ...error, evidence: [line], cause: error });
  };
}
