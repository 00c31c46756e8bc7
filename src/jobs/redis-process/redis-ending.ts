import { readFile, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";
import { formatBytes } from "../../core/measures.ts";
import { fileSizeLimitReached } from "./file-size-limit.ts";

/** With less than this the next write may fail; Redis also needs room to rewrite its files. */
const FULL_BYTES = 1024 * 1024;
const EVIDENCE_LINES = 5;
/** As the C library says it. */
const OVER_QUOTA = /disk quota exceeded/i;

/** "PID:ROLE DATE LEVEL MESSAGE", with `#` as the level of warnings. Most of those at a start are about the machine, not its end. */
const WARNING = /^(\d+):\w .{24} # (.*)$/;
const NOISE = /^(?:oO0OoO0OoO0Oo|Redis version=|Configuration loaded|Server initialized|WARNING |Warning: )/;

/** Why a Redis cannot be started or kept: `capacity` when its disk is full right now, a quota is used up or a file may not grow, else `store-unavailable`. */
export async function redisFailure(
  folder: string,
  userMessage: string,
  { evidence = [], cause }: { readonly evidence?: readonly string[]; readonly cause?: unknown } = {},
): Promise<OpsError> {
  if (isErrno(cause, "EDQUOT") || evidence.some((line) => OVER_QUOTA.test(line))) {
    return new OpsError({
      code: "capacity",
      userMessage: `The quota of whoever runs Creel is used up where ${folder} is, so Creel cannot keep what it is doing.`,
      hint: "Make room there, or have the quota raised, and start Creel again: its operations go on where they stopped.",
      evidence: evidence.filter((line) => OVER_QUOTA.test(line)).slice(-1),
      cause,
    });
  }
  const freeBytes = await freeWhenFull(folder);
  if (freeBytes !== null) {
    return new OpsError({
      code: "capacity",
      userMessage: `The disk of ${folder} is full (${formatBytes(freeBytes)} are free), so Creel cannot keep what it is doing.`,
      hint: "Make room there and start Creel again: its operations go on where they stopped.",
      evidence: [evidence.findLast((line) => /no space left/i.test(line)) ?? evidence.at(-1)].filter(
        (line) => line !== undefined,
      ),
      cause,
    });
  }
  const limited = await fileSizeLimitReached(folder, cause);
  if (limited !== null) return limited;
  return new OpsError({
    code: "store-unavailable",
    userMessage,
    hint: `Look for missing permissions or too little memory; ${join(folder, "redis.log")} says more.`,
    evidence,
    cause,
  });
}

/** What the server with this process id complained about, without what every start says. */
export async function complaintsOf(folder: string, pid: number | undefined): Promise<string[]> {
  const log = await readFile(join(folder, "redis.log"), "utf8").catch(() => "");
  const complaints = log.split("\n").filter((line) => {
    const [, writer, message = ""] = WARNING.exec(line) ?? [];
    return writer === String(pid) && message.trim() !== "" && !NOISE.test(message);
  });
  return complaints.slice(-EVIDENCE_LINES);
}

/** Free bytes of a disk that has no room left, 0 when it can hold no more files; null when it has room, or cannot be asked. */
async function freeWhenFull(folder: string): Promise<number | null> {
  const there = await stat(folder).then(
    () => folder,
    () => dirname(folder),
  );
  const disk = await statfs(there).catch(() => null);
  if (disk === null) return null;
  if (disk.files > 0 && disk.ffree === 0) return 0;
  const freeBytes = disk.bavail * disk.bsize;
  return freeBytes < FULL_BYTES ? freeBytes : null;
}
