import { OpsError } from "../../src/core/errors.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { lookAtChannels } from "./channels.ts";
import { channelsHeldBack, diskFull, notReady, readOnly, secretsMissing } from "./failures.ts";
import type { GatewayHealth, GatewayState } from "./gateway.ts";
import { DATA_FOLDER, SECRETS_FILE } from "./paths.ts";
import { askReadiness, explainEnd, type Readiness, reason } from "./readiness.ts";
import { withRpc } from "./rpc.ts";
import { missingScopes } from "./scopes.ts";
import { CONFIG_EXIT_STATUS, memoryOf, type UnitState, unitState } from "./unit-state.ts";

/** What a gateway needs of its host. */
export interface Surroundings {
  /** For the agent's data. */
  readonly freeBytes: number;
  /** More files can be made there. */
  readonly hasFreeFiles: boolean;
  /** A disk with errors may only be read any more. */
  readonly isWritable: boolean;
  readonly hasSecrets: boolean;
  readonly uptimeMs: number;
}

const LOOK = `stat -f -c '%a %S %d %c' "$1" || echo 1 1000000000000 0 0
if [ ! -e "$1" ] || [ -w "$1" ]; then echo yes; else echo no; fi
if [ -s "$2" ]; then echo yes; else echo no; fi
cut -d' ' -f1 /proc/uptime`;
/** Less than SQLite needs for a page and its journal. */
const NO_ROOM_BYTES = 2 ** 20;
/** Longer than the slowest start: an existing state on a small machine, with everything switched on. */
const SLOWEST_START_MS = 4 * 60_000;

interface Parts {
  readonly port: number;
  readonly token: (shell: HostShell) => Promise<Secret>;
  readonly logs: (shell: HostShell) => Promise<readonly string[]>;
}

/** What is true of the gateway right now, and why it is not well when it is not. */
export async function lookAtGateway(shell: HostShell, { port, token, logs }: Parts): Promise<GatewayHealth> {
  const [unit, surroundings] = await Promise.all([unitState(shell), lookAround(shell)]);
  const running = unit.active === "active";
  const readiness = running ? await askReadiness(shell, port) : null;
  const state = stateOf(unit, readiness, surroundings);
  const inside = state === "ready" ? await ask(shell, port, token) : UNASKED;
  const { heldBack, refusal } = inside;
  const trouble = await troubleWith({ unit, readiness, surroundings, heldBack, refusal }, () => logs(shell));
  return {
    state,
    version: inside.version,
    startedAtMs: running ? unit.startedAtMs : null,
    memoryBytes: running ? await memoryOf(shell, unit) : null,
    restarts: unit.restarts,
    note: trouble?.userMessage ?? null,
    channels: inside.channels,
  };
}

export async function lookAround(shell: HostShell): Promise<Surroundings> {
  const output = await shell.check(["sh", "-c", LOOK, "creel-surroundings", DATA_FOLDER, SECRETS_FILE]);
  const [room = "", writable = "", secrets = "", uptime = ""] = output.split("\n");
  const [blocks = 0, size = 0, files = 0, allFiles = 0] = room.split(" ").map(Number);
  return {
    freeBytes: blocks * size,
    // Some file systems do not count them.
    hasFreeFiles: allFiles === 0 || files > 0,
    isWritable: writable === "yes",
    hasSecrets: secrets === "yes",
    uptimeMs: Number(uptime) * 1000,
  };
}

export function stateOf(unit: UnitState, readiness: Readiness | null, { uptimeMs }: Surroundings): GatewayState {
  switch (unit.active) {
    case "absent":
      return "absent";
    case "inactive":
      return "stopped";
    case "failed":
      return unit.exitStatus === CONFIG_EXIT_STATUS ? "config-invalid" : "crashed";
    case "deactivating":
      return "draining";
    case "activating":
      return "starting";
    case "active":
      if (readiness?.ready) return "ready";
      return uptimeMs - (unit.startedAfterBootMs ?? uptimeMs) > SLOWEST_START_MS ? "unready" : "starting";
  }
}

interface Seen {
  readonly unit: UnitState;
  /** null: it does not run. */
  readonly readiness: Readiness | null;
  readonly surroundings: Surroundings;
  /** Channels that a ready gateway has not started. */
  readonly heldBack: readonly string[];
  /** Why a ready gateway cannot be spoken to; null when it can, or was not. */
  readonly refusal: OpsError | null;
}

/** What keeps a gateway from being well; null when nothing does. `logs` are fetched only where they tell more. */
export async function troubleWith(
  { unit, readiness, surroundings, heldBack, refusal }: Seen,
  logs: () => Promise<readonly string[]>,
): Promise<OpsError | null> {
  const { hasSecrets } = surroundings;
  if (unit.active === "absent") return notReady("it is not installed on its host");
  const ofDisk = troubleWithDisk(surroundings);
  if (ofDisk !== null) return ofDisk;
  switch (unit.active) {
    case "inactive":
      return hasSecrets ? notReady("it was stopped, or has ended without an error") : secretsMissing([]);
    case "failed":
      return hasSecrets ? explainEnd(unit, await logs()) : secretsMissing(await logs());
    case "deactivating":
      return notReady("it finishes what it is doing before it stops");
    case "activating":
      return notReady(
        unit.restarting ? `it stopped (${reason(unit)}) and is being started again` : "its container is being started",
      );
    case "active":
      if (readiness !== null && !readiness.ready) return notReady(readiness.why);
      if (hasSecrets && refusal !== null) return refusal;
      if (heldBack.length > 0) return channelsHeldBack(heldBack);
      return hasSecrets ? null : secretsMissing([]);
  }
}

function troubleWithDisk({ freeBytes, hasFreeFiles, isWritable }: Surroundings): OpsError | null {
  if (!isWritable) return readOnly();
  return freeBytes < NO_ROOM_BYTES || !hasFreeFiles ? diskFull([]) : null;
}

type Inside = Pick<GatewayHealth, "version" | "channels"> & Pick<Seen, "heldBack" | "refusal">;

const UNASKED: Inside = { version: null, channels: null, heldBack: [], refusal: null };

/** As a deploy proves it: ready alone is not enough. Health must not fail because a detail is missing. */
async function ask(shell: HostShell, port: number, token: Parts["token"]): Promise<Inside> {
  try {
    return await withRpc({ shell, port, token: await token(shell) }, async (session) => {
      const { version, scopes } = session.hello;
      const { looks, heldBack } = await lookAtChannels(session).catch(() => ({ looks: null, heldBack: [] }));
      return { version, channels: looks, heldBack, refusal: missingScopes(scopes) };
    });
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    const isRefusal = error.code === "gateway-rpc-failed" || error.code === "gateway-not-ready";
    return { ...UNASKED, refusal: isRefusal ? error : null };
  }
}
