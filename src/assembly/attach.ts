import { setTimeout as delay } from "node:timers/promises";
import { commands } from "../../commands/index.ts";
import { runConsole } from "../channels/console/console.ts";
import { attach, type SessionEnd } from "../channels/console/remote/client.ts";
import { type AttachServer, serveTerminals } from "../channels/console/remote/server.ts";
import { renderAttached, renderCreelEnded, renderInputLost } from "../channels/render/terminal.ts";
import type { Config } from "../config.ts";
import { OpsError } from "../core/errors.ts";
import { assemble, type Creel } from "./creel.ts";
import { show } from "./show.ts";
import { inputOf, localTerminal } from "./terminal.ts";

/** A Creel that is starting opens its socket when its Redis has read what it holds. */
const STARTING_LIMIT_MS = 15_000;
const STARTING_LOOK_MS = 200;

/**
 * A Creel of our own; or, when one runs on the state folder and there is something to ask it, the exit status of this terminal's session
 * with that one.
 */
export async function attachOrAssemble(
  config: Config,
  version: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Creel | number> {
  const input = inputOf(process);
  if (config.settings.redis !== undefined || input === "none") return await assemble(config, stack);
  const patienceEndsMs = performance.now() + STARTING_LIMIT_MS;
  for (;;) {
    const status = await attachToRunning(config, input, version, signal);
    if (status !== null) return status;
    try {
      return await assemble(config, stack);
    } catch (error) {
      // It holds the folder and does not listen: it is just starting, or ending.
      const isThere = error instanceof OpsError && error.code === "wrong-state";
      if (!isThere || signal.aborted || performance.now() > patienceEndsMs) throw error;
      await delay(STARTING_LOOK_MS);
    }
  }
}

/** Lets other terminals use this Creel, until `stack` takes it apart or `signal` aborts. */
export async function openToTerminals(
  { config, desk, tools }: Creel,
  version: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<AttachServer> {
  const server = await serveTerminals({
    stateDir: config.stateDir,
    version,
    userOf: (uid) => userOf(uid, config),
    run: async (terminal, user) =>
      await runConsole({
        ...terminal,
        desk,
        actor: { channel: "terminal", user, roles: [], name: user },
        commands,
        notices: { showBy: tools.notices.showAlsoBy },
        // It goes on when one of its terminals leaves.
        leaving: null,
        now: Date.now,
        signal: AbortSignal.any([terminal.signal, signal]),
      }),
    onError: (error) => tools.log.error(error),
  });
  stack.defer(() => server.close());
  // What goes wrong in it is for the one above to tell.
  signal.addEventListener("abort", () => void server.close().catch(() => undefined), { once: true });
  return server;
}

/** Nobody else can come near a state folder. */
function userOf(uid: number, { user }: Config): string | null {
  if (uid === process.getuid?.()) return user;
  return uid === 0 ? "root" : null;
}

/** This terminal at the Creel that runs on the same state folder already. Resolves to the exit status; null when none runs. @throws OpsError. */
async function attachToRunning(
  config: Config,
  input: "prompt" | "lines",
  version: string,
  signal: AbortSignal,
): Promise<number | null> {
  const { interactive, color, cursor, unicode, ...terminal } = localTerminal(config, input);
  const look = { interactive, color, cursor, unicode };
  const end = await attach({
    stateDir: config.stateDir,
    terminal: { ...terminal, look },
    onAttached: (other) => {
      if (interactive || other.version !== version) show(renderAttached(other, version), process.stderr);
    },
    signal,
  });
  return end === null ? null : statusOf(end, input);
}

function statusOf(end: SessionEnd, input: "prompt" | "lines"): number {
  if (end.inputError !== null) show(renderInputLost(end.inputError, input), process.stderr);
  if (end.type !== "finished") show(renderCreelEnded(end.pid, end.type === "ended", input === "lines"), process.stderr);
  return end.inputError === null ? end.status : Math.max(end.status, 1);
}
