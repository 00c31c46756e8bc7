import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { ended, notReady, portTaken, refused } from "./failures.ts";
import { httpGet } from "./http.ts";
import { CONFIG_EXIT_STATUS, type UnitState } from "./unit-state.ts";

const readyzSchema = z.object({ ready: z.boolean(), failing: z.array(z.string()).default([]) });

export type Readiness =
  | { readonly ready: true }
  /** foreign: something answers on the port, and it is not a gateway. */
  | { readonly ready: false; readonly why: string; readonly foreign: boolean };

/** A gateway that ended this often before it was ever ready is in a loop; its remaining starts would only cost time. */
const HOPELESS_RESTARTS = 2;

/** Asks `/readyz` once. The status alone proves nothing: other servers, and OpenClaw's own web pages, answer 200 to everything. */
export async function askReadiness(shell: HostShell, port: number, signal?: AbortSignal): Promise<Readiness> {
  try {
    const { status, body } = await httpGet(shell, port, "/readyz", signal);
    const answer = readyzSchema.safeParse(parseJson(body));
    if (!answer.success) return { ready: false, why: `what answers on port ${port} is not a gateway`, foreign: true };
    if (status === 200 && answer.data.ready) return { ready: true };
    return { ready: false, why: `it waits for ${answer.data.failing.join(", ") || "itself"}`, foreign: false };
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
      if (unit.exitStatus === CONFIG_EXIT_STATUS) return refused(await logs());
      return ended(reason(unit), await logs());
    case "active":
    case "activating":
    case "deactivating":
      if (unit.restarts >= HOPELESS_RESTARTS)
        return ended(`${unit.restarts} times while it was starting`, await logs());
      if (unit.restarting) return notReady(`it stopped (${reason(unit)}) and is being started again`);
      return notReady(unit.active === "deactivating" ? "it is being stopped" : why);
  }
}

function reason({ result, exitStatus }: UnitState): string {
  return result === "exit-code" ? `exit status ${exitStatus}` : result;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
