/**
 * OpenClaw ends with status 78 for several reasons, and with status 1 for others; which one it was stands only in its log. This is
 * the one place that knows its words, as of 2026.9. A text that is not known here is told as what the exit status says.
 */
export type ToldByLog = "disk-full" | "out-of-memory" | "no-secrets" | "refuses-data" | null;

/** Node, the C library and SQLite, in that order. */
const DISK_FULL =
  /\bENOSPC\b|\bEDQUOT\b|no space left on device|disk quota exceeded|Unknown system error -122|database or disk is full|\bSQLITE_FULL\b/i;

/** systemd of the kernel's killer, and V8 of its own heap. */
const OUT_OF_MEMORY = /killed by the OOM killer|Out of memory: Killed process|JavaScript heap out of memory/i;

/** "Startup failed: required secrets are unavailable. …" */
const NO_SECRETS = /required secrets are unavailable/i;

/**
 * "… startup migrations did not complete cleanly", "… migrations were skipped because …", "a state migration refused to continue",
 * "gateway requires state migration", "gateway requires a newer OpenClaw build" (a database of a later version).
 */
const REFUSES_DATA =
  /migrations? (?:did not complete|were skipped|refused|failed)|gateway requires (?:.*\bmigration\b|a newer OpenClaw build)/i;

/** What the log of a gateway that has ended says about why. A full disk comes first: it is what makes migrations fail. */
export function toldByLog(lines: readonly string[]): ToldByLog {
  if (lines.some((line) => DISK_FULL.test(line))) return "disk-full";
  if (lines.some((line) => NO_SECRETS.test(line))) return "no-secrets";
  if (lines.some((line) => OUT_OF_MEMORY.test(line))) return "out-of-memory";
  return lines.some((line) => REFUSES_DATA.test(line)) ? "refuses-data" : null;
}

/** "[reload] config reload failed: Error: …", "[reload] config restart failed: …". */
const RELOAD_FAILED = /\[reload\] config (?:reload|restart) failed: (.*)$/;
/** "[secrets] [SECRETS_OWNER_UNAVAILABLE] Secret owner account:telegram:default is configured-unavailable; paths: …; reason: …." */
const SECRET_UNAVAILABLE = /\[SECRETS_OWNER_UNAVAILABLE\] (.*)$/;
const SECRETS_RECOVERED = /\[SECRETS_RELOADER_RECOVERED\]/;
/** What it says of a reload that is under way or over. */
const RELOAD = /\[reload\] config /;

/** Why a gateway will not take a configuration, from what its log says since it was given that, oldest first; null: it may yet. Pure. */
export function reloadTrouble(lines: readonly string[]): string | null {
  let failed: string | null = null;
  let unavailable: string | null = null;
  for (const line of lines) {
    if (RELOAD.test(line)) failed = RELOAD_FAILED.exec(line)?.[1] ?? null;
    if (SECRETS_RECOVERED.test(line)) unavailable = null;
    unavailable = SECRET_UNAVAILABLE.exec(line)?.[1] ?? unavailable;
  }
  return failed ?? unavailable;
}
