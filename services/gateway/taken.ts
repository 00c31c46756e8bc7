import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import { parseJson } from "../../src/core/json.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { notReady, notTaken } from "./failures.ts";
import type { Gateway } from "./gateway.ts";
import { httpGet } from "./http.ts";
import { reloadTrouble } from "./log-words.ts";
import { GIVEN_CONFIG, UNIT } from "./paths.ts";
import { withRpc } from "./rpc.ts";
import { oneLine } from "./talk-failures.ts";

const configLook = z.object({
  valid: z.boolean().default(true),
  issues: z.array(z.object({ path: z.string().default(""), message: z.string() })).default([]),
  configRevisionHash: z.string().nullish(),
  appliedConfigHash: z.string().nullish(),
});
const uptime = z.object({ uptimeMs: z.number() });

/** It hears of a new file 200 to 300 ms late, and goes on telling of the one before, as taken. */
const UNHEARD_MS = 2000;
/** The log is read by a process on the host, so not at every look. */
const LOG_INTERVAL_MS = 1000;
const LOG_LINES = 200;
const EVIDENCE_LINES = 20;
const CHANNEL_SETTING = "channels.";
/** Prints when the configuration was given, and what time it is, in seconds since 1970. */
const PLACED = 'stat -c %.3Z "$1" && date +%s.%3N';

interface TakenHost {
  readonly token: (shell: HostShell) => Promise<Secret>;
  readonly checkReady: Gateway["checkReady"];
}

/** See `GatewaySettings.taken`. */
export function takenLook({ token, checkReady }: TakenHost) {
  const lastLog = new WeakMap<HostShell, number>();

  /** `waits`, unless the log says that waiting will not help. */
  async function orNever(shell: HostShell, waits: OpsError, signal: AbortSignal): Promise<OpsError> {
    const now = performance.now();
    if (now - (lastLog.get(shell) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL_MS) return waits;
    lastLog.set(shell, now);
    const placed = await placedOn(shell, signal);
    if (placed === null) return waits;
    return (await troubleSince(shell, placed.givenAtMs, signal)) ?? waits;
  }

  return async (shell: HostShell, port: number, signal: AbortSignal): Promise<{ readonly restarted: boolean }> => {
    try {
      await checkReady(shell, port, signal);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "gateway-not-ready") throw error;
      throw await orNever(shell, error, signal);
    }
    const look = await withRpc({ shell, port, token: await token(shell), signal }, (session) =>
      session.call("config.get", {}),
    );
    const { valid, issues, configRevisionHash, appliedConfigHash } = configLook.parse(look);
    if (!valid) {
      const complaints = issues.map(({ path, message }) => oneLine(`${path}: ${message}`));
      throw notTaken(complaints[0] ?? "it does not say why", complaints);
    }
    if (configRevisionHash == null || configRevisionHash !== appliedConfigHash)
      throw await orNever(shell, notReady("it has not taken its new settings yet"), signal);
    const placed = await placedOn(shell, signal);
    if (placed === null) return { restarted: false };
    const { givenAtMs, nowMs } = placed;
    if (Math.abs(nowMs - givenAtMs) < UNHEARD_MS) throw notReady("it may not have heard of its new settings yet");
    // A channel without its secret keeps a gateway from nothing else, so it is ready; it will not have that channel.
    const trouble = await troubleSince(shell, givenAtMs, signal);
    if (trouble?.userMessage.includes(CHANNEL_SETTING)) throw trouble;
    // It starts again in the same container for some settings, which systemd does not see.
    const { body } = await httpGet(shell, port, "/readyz", signal);
    const its = uptime.safeParse(parseJson(body));
    return { restarted: its.success && nowMs - its.data.uptimeMs >= givenAtMs };
  };
}

/** By the host's clock; null: Creel has given it none. */
async function placedOn(shell: HostShell, signal: AbortSignal) {
  const { exitCode, stdout } = await shell.run(["sh", "-c", PLACED, "creel-placed", GIVEN_CONFIG], { signal });
  const [given, now] = stdout.split("\n").map((seconds) => Number(seconds) * 1000);
  return exitCode === 0 && given && now ? { givenAtMs: given, nowMs: now } : null;
}

/** null: the log has nothing against the configuration that was given then. */
async function troubleSince(shell: HostShell, givenAtMs: number, signal: AbortSignal): Promise<OpsError | null> {
  const lines = await logSince(shell, givenAtMs, signal);
  const trouble = reloadTrouble(lines);
  return trouble === null ? null : notTaken(oneLine(trouble), lines.slice(-EVIDENCE_LINES));
}

async function logSince(shell: HostShell, sinceMs: number, signal: AbortSignal): Promise<string[]> {
  const argv = ["journalctl", `--unit=${UNIT}`, `--lines=${LOG_LINES}`, "--output=short-unix"] as const;
  const printed = await shell.check([...argv, "--no-hostname", "--no-pager", "--quiet"], { signal });
  const since = printed.split("\n").filter((line) => Number.parseFloat(line) * 1000 >= sinceMs);
  // Without the time in seconds, and the process.
  return since.map((line) => line.replace(/^\S+ \S+ /, ""));
}
