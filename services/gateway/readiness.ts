import { z } from "zod";
import { AGENT_CHANNELS } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseJson } from "../../src/core/json.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { containerBroken, ended, notReady, portTaken, refused } from "./failures.ts";
import { httpGet } from "./http.ts";
import { CONFIG_EXIT_STATUS, type UnitState } from "./unit-state.ts";

const readyzSchema = z.object({ ready: z.boolean(), failing: z.array(z.string()).default([]) });

export type Readiness =
  | { readonly ready: true }
  /** foreign: something answers on the port, and it is not a gateway. */
  | { readonly ready: false; readonly why: string; readonly foreign: boolean };

/** A gateway that ended this often before it was ever ready is in a loop; its remaining starts would only cost time. */
const HOPELESS_RESTARTS = 2;

/** What is set up with a bot that its service turns away keeps everything else from nothing, and is told of by itself. */
const CHANNELS: ReadonlySet<string> = new Set(AGENT_CHANNELS);

/** Asks `/readyz` once. The status alone proves nothing: other servers, and OpenClaw's own web pages, answer 200 to everything. */
export async function askReadiness(shell: HostShell, port: number, signal?: AbortSignal): Promise<Readiness> {
  try {
    const { status, body } = await httpGet(shell, port, "/readyz", signal);
    const answer = readyzSchema.safeParse(parseJson(body));
    if (!answer.success) return { ready: false, why: `what answers on port ${port} is not a gateway`, foreign: true };
    if (status === 200 && answer.data.ready) return { ready: true };
    const { failing } = answer.data;
    if (failing.length > 0 && failing.every((name) => CHANNELS.has(name))) return { ready: true };
    return { ready: false, why: `it waits for ${failing.join(", ") || "itself"}`, foreign: false };
  } catch (error) {
    const expected = error instanceof OpsError && error.retry === "later";
    if (!expected) throw error;
    return { ready: false, why: "it does not listen yet", foreign: false };
  }
}

/** Why a gateway that is not ready is not, from what systemd says of its unit. `logs` are fetched only when it will never be. */
export async function explain(
  unit: UnitState,
  { why, foreign }: Omit<Extract<Readiness, { ready: false }>, "ready">,
  logs: () => Promise<readonly string[]>,
): Promise<OpsError> {
  // Before the gateway's first end, this may be what it says while it comes up.
  if (foreign && unit.restarts > 0) return portTaken(await logs());
  switch (unit.active) {
    case "absent":
      return notReady("it is not installed");
    case "inactive":
      return notReady("it is not running");
    case "failed":
      return explainEnd(unit, await logs());
    case "active":
    case "activating":
    case "deactivating":
      if (unit.restarts >= HOPELESS_RESTARTS)
        return ended(`${unit.restarts} times while it was starting`, await logs());
      if (unit.restarting) return notReady(`it stopped (${reason(unit)}) and is being started again`);
      return notReady(unit.active === "deactivating" ? "it is being stopped" : why);
  }
}

/** Of a unit that systemd does not start again. */
export function explainEnd(unit: UnitState, logLines: readonly string[]): OpsError {
  if (unit.exitStatus === CONFIG_EXIT_STATUS) return refused(logLines);
  if (unit.exitStatus !== null && OF_PODMAN.has(unit.exitStatus)) return containerBroken(logLines);
  const times = unit.restarts > 0 ? `, ${unit.restarts + 1} times in a row` : "";
  return ended(`${reason(unit)}${times}`, logLines);
}

/** Such as `exit status 1` or `killed`. */
export function reason({ result, exitStatus }: UnitState): string {
  if (result !== "exit-code") return RESULTS[result] ?? result;
  const signal = exitStatus === null ? undefined : SIGNALS[exitStatus];
  return signal ?? `exit status ${exitStatus}`;
}

/** Podman's own exit statuses: its storage, its image or what runs the container does not work. */
const OF_PODMAN: ReadonlySet<number> = new Set([125, 126, 127]);
/** What a container that was ended by a signal says. */
const SIGNALS: Readonly<Record<number, string>> = {
  134: "it aborted",
  137: "it was killed",
  139: "it crashed with a memory error",
  143: "it was told to end",
};
/** Of systemd. */
const RESULTS: Readonly<Record<string, string>> = {
  success: "it ended without an error",
  signal: "it was killed",
  "core-dump": "it crashed with a memory error",
  "oom-kill": "it was killed for its memory",
  timeout: "it did not come up in time",
  "start-limit-hit": "too many times in a row",
};
