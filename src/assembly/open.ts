import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import {
  renderLink,
  renderMakingLink,
  renderPageBack,
  renderPageLost,
  renderStaying,
} from "../channels/render/open.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { Config } from "../config.ts";
import { pageOff } from "../core/agent.ts";
import { isErrno } from "../core/errno.ts";
import { asOpsError, type ErrorCode, OpsError } from "../core/errors.ts";
import type { AgentName } from "../core/names.ts";
import { redactError } from "../core/redaction.ts";
import { makeFolder } from "../folders.ts";
import type { Machine } from "../operations/machine.ts";
import { agentAtHand } from "./at-hand.ts";
import { listenerOn } from "./listener.ts";
import type { Streams } from "./secrets.ts";
import { show } from "./show.ts";

const PAUSE_MS = 1000;
/** What no waiting changes for a page that was open once. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(["not-found", "host-key-mismatch"]);

interface Reached {
  readonly machine: Machine;
  readonly shell: HostShell;
}

interface Way {
  readonly machine: (signal: AbortSignal) => Promise<Machine>;
  readonly signal: AbortSignal;
  /** Hears once why it has to wait. */
  readonly onTrouble: (why: string) => void;
}

/**
 * `creel open`: a way from this machine's loopback to the agent's page, and links to it, until `signal` aborts. Links go to standard output and
 * nowhere else; all other words to standard error. Resolves to the exit status. @throws OpsError.
 */
export async function runOpenMode(
  config: Config,
  agent: AgentName,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  await using stack = new AsyncDisposableStack();
  const { tools, machine } = await agentAtHand(config, agent, "open", stack);
  const say = (message: Parameters<typeof show>[0]) => show(message, streams.stderr);
  const way: Way = { machine, signal, onTrouble: (why) => say(renderPageLost(agent, why)) };
  /** What there is of it right now; what a browser asks for while there is none is refused. */
  let reached: Reached | null = null;
  stack.defer(async () => await reached?.shell.close());

  const giveLink = async ({ machine: { gateway, host }, shell }: Reached): Promise<void> => {
    say(renderMakingLink(agent));
    const link = await gateway.talk.page(shell, host.gatewayPort, signal);
    if (link === null) throw pageOff(agent);
    say(renderLink(agent, host.gatewayPort));
    streams.stdout.write(`\n  ${link.reveal()}\n\n`);
    say(renderStaying());
  };

  try {
    reached = await reachFirst(way);
    const port = reached.machine.host.gatewayPort;
    const server = await listen(port, () => reached);
    stack.defer(() => void server.close());
    await giveLink(reached);
    let isMaking = false;
    streams.stdin.on("data", (typed: Buffer) => {
      if (!typed.includes("\n") || isMaking || reached === null) return;
      isMaking = true;
      giveLink(reached)
        .catch((error: unknown) => signal.aborted || say(renderRefusal(redactError(asOpsError(error), tools.redact))))
        .finally(() => {
          isMaking = false;
        });
    });
    stack.defer(() => void streams.stdin.pause());
    for (;;) {
      await Promise.race([reached.shell.closed, once(signal, "abort")]);
      signal.throwIfAborted();
      reached = null;
      say(renderPageLost(agent, "The connection to its host has ended; it may be starting again."));
      reached = await reachAgain(way);
      say(renderPageBack(agent));
    }
  } catch (error) {
    // Ctrl-C is how it ends.
    if (signal.aborted) return 0;
    throw error;
  }
}

/** A host that is just booting is waited for. */
async function reachFirst(way: Way): Promise<Reached> {
  let isNews = true;
  return await untilReached(way, connectTo, (error) => {
    if (error.retry === "never") return false;
    if (isNews) way.onTrouble(error.userMessage);
    isNews = false;
    return true;
  });
}

/** Whatever is wrong with a host that was reached may be over in a while. The host answers before its gateway does. */
async function reachAgain(way: Way): Promise<Reached> {
  const untilReady = async (given: Way): Promise<Reached> => {
    const reached = await connectTo(given);
    try {
      await reached.machine.gateway.checkReady(reached.shell, reached.machine.host.gatewayPort, given.signal);
      return reached;
    } catch (error) {
      await reached.shell.close();
      throw error;
    }
  };
  return await untilReached(way, untilReady, ({ code }) => !PERMANENT.has(code));
}

async function connectTo({ machine, signal }: Way): Promise<Reached> {
  const there = await machine(signal);
  return { machine: there, shell: await there.connect({ signal }) };
}

async function untilReached(
  way: Way,
  attempt: (way: Way) => Promise<Reached>,
  mayGoOn: (error: OpsError) => boolean,
): Promise<Reached> {
  for (;;) {
    try {
      return await attempt(way);
    } catch (error) {
      if (way.signal.aborted || !mayGoOn(asOpsError(error))) throw error;
      await delay(PAUSE_MS, undefined, { signal: way.signal });
    }
  }
}

/** @throws OpsError `address-in-use`. */
async function listen(port: number, reached: () => Reached | null): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    const way = reached();
    if (way === null) return void socket.destroy();
    way.shell
      .dial(port)
      // Either end may go first.
      .then((remote) => pipeline(socket, remote, socket))
      .catch(() => socket.destroy());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  try {
    await promise;
    return server;
  } catch (error) {
    throw isErrno(error, "EADDRINUSE") ? await portTaken(port, error) : error;
  }
}

async function portTaken(port: number, cause: unknown): Promise<OpsError> {
  return new OpsError({
    code: "address-in-use",
    userMessage: `Port ${port} of this machine is taken by ${(await listenerOn(port)) ?? "a program of another user"}.`,
    hint: "The page works on this port only: end that program first. Is it another creel open, Ctrl-C ends it.",
    cause,
  });
}
