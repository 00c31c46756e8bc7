import { z } from "zod";
import type { HostShell } from "../host-shell/host-shell.ts";
import { UNIT } from "./paths.ts";

const count = z.string().transform((text) => (/^\d+$/.test(text) ? Number(text) : null));

const properties = z.object({
  LoadState: z.string(),
  ActiveState: z.string(),
  SubState: z.string(),
  Result: z.string(),
  ExecMainStatus: count,
  NRestarts: count,
  MemoryCurrent: count,
  /** `@` and seconds since 1970; empty when it never started. */
  ExecMainStartTimestamp: z.string(),
  /** Microseconds of the clock that starts with the machine. */
  ExecMainStartTimestampMonotonic: count,
  ControlGroup: z.string(),
});

export interface UnitState {
  /** Of systemd; "absent" when there is no such unit. */
  readonly active: "absent" | "active" | "activating" | "deactivating" | "failed" | "inactive";
  /** Waits for its next automatic start. */
  readonly restarting: boolean;
  /** Such as `exit-code`, `signal`, `oom-kill`, `start-limit-hit`. */
  readonly result: string;
  readonly exitStatus: number | null;
  readonly restarts: number;
  /** null where the kernel does not account for it, as on a host in a container. */
  readonly memoryBytes: number | null;
  /** Path of its control group; empty when it does not run. */
  readonly controlGroup: string;
  readonly startedAtMs: number | null;
  /** By the clock that starts with the machine; null when it never started. */
  readonly startedAfterBootMs: number | null;
}

/** EX_CONFIG of sysexits.h: the gateway does not accept its configuration. */
export const CONFIG_EXIT_STATUS = 78;

export async function unitState(shell: HostShell, signal?: AbortSignal): Promise<UnitState> {
  const names = Object.keys(properties.shape).join(",");
  const output = await shell.check(
    ["systemctl", "show", UNIT, "--timestamp=unix", `--property=${names}`],
    signal ? { signal } : {},
  );
  return parseUnitState(output);
}

export function parseUnitState(output: string): UnitState {
  const pairs = output.split("\n").map((line) => line.split(/=(.*)/, 2));
  const unit = properties.parse(Object.fromEntries(pairs));
  const seconds = /^@(\d+)/.exec(unit.ExecMainStartTimestamp)?.[1];
  return {
    active: unit.LoadState === "not-found" ? "absent" : activeState(unit.ActiveState),
    restarting: unit.SubState.startsWith("auto-restart"),
    result: unit.Result,
    exitStatus: unit.ExecMainStatus,
    restarts: unit.NRestarts ?? 0,
    memoryBytes: unit.MemoryCurrent,
    controlGroup: unit.ControlGroup,
    startedAtMs: seconds === undefined ? null : Number(seconds) * 1000,
    startedAfterBootMs: seconds === undefined ? null : (unit.ExecMainStartTimestampMonotonic ?? 0) / 1000,
  };
}

function activeState(text: string): UnitState["active"] {
  switch (text) {
    case "active":
    case "activating":
    case "deactivating":
    case "failed":
    case "inactive":
      return text;
    default:
      // reloading, refreshing, maintenance: the process is there.
      return "active";
  }
}

/** Adds up what the processes of a control group have in memory; what they share counts for each of them. */
const SUM_RESIDENT = `total=0
for pid in $(find "/sys/fs/cgroup$1" -name cgroup.procs -exec cat {} +); do
  if read -r _ resident _ <"/proc/$pid/statm"; then total=$((total + resident)); fi
done 2>/dev/null
echo $((total * $(getconf PAGESIZE)))`;

/** Memory of the unit in bytes; null when it does not run. */
export async function memoryOf(shell: HostShell, unit: UnitState): Promise<number | null> {
  if (unit.memoryBytes !== null || unit.controlGroup === "") return unit.memoryBytes;
  const { stdout } = await shell.run(["sh", "-c", SUM_RESIDENT, "creel-memory", unit.controlGroup]);
  return Number(stdout) || null;
}
