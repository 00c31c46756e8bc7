import { finished } from "node:stream/promises";
import type { Session } from "../../services/host-shell/host-shell.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { Config } from "../config.ts";
import { asOpsError } from "../core/errors.ts";
import type { AgentName } from "../core/names.ts";
import { redactError } from "../core/redaction.ts";
import { makeFolder } from "../folders.ts";
import { agentAtHand } from "./at-hand.ts";
import type { Streams } from "./secrets.ts";
import { show } from "./show.ts";
import { takeOutputAsItIs } from "./terminal-output.ts";

/** As ssh has it: what the host never said itself. */
const NOT_REACHED = 255;
const INTERRUPTED = 130;

/**
 * `creel ssh`: a program on the agent's host, or its login shell when there are no words, for the terminal or the pipes this was started with.
 * Resolves to its exit status; 255 with the reason on standard error when the host was not reached, or was lost.
 */
export async function runSshMode(
  config: Config,
  { agent, words }: { readonly agent: AgentName; readonly words: readonly string[] },
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  await using stack = new AsyncDisposableStack();
  const { tools, machine } = await agentAtHand(config, agent, "ssh", stack);
  try {
    await using shell = await (await machine(signal)).connect({ signal });
    const line = words.length === 0 ? null : words.join(" ");
    // With a pipe at either end bytes have to stay what they are.
    const isPerson = streams.stdin.isTTY === true && streams.stdout.isTTY === true;
    const terminal = isPerson ? { ...sizeOf(streams.stdout), type: config.terminal.type } : null;
    return await use(await shell.open({ line, terminal }), streams, isPerson, signal);
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    show(renderRefusal(redactError(asOpsError(error), tools.redact)), streams.stderr);
    return NOT_REACHED;
  }
}

/** Until the program has ended and all it said is written. The terminal is as before then, however it ends. */
async function use(
  session: Session,
  { stdin, stdout, stderr }: Streams,
  isPerson: boolean,
  signal: AbortSignal,
): Promise<number> {
  const stop = () => {
    session.stop();
    // Nobody takes what it still says, and its end comes after that.
    session.stdout.unpipe(stdout);
    session.stdout.resume();
  };
  const resize = () => session.resize(sizeOf(stdout));
  const calm = () => void (isPerson && stdin.setRawMode(false));
  // Whoever reads what it says may leave, as head does.
  stdout.once("error", stop);
  session.stdin.on("error", () => undefined);
  signal.addEventListener("abort", stop, { once: true });
  process.once("exit", calm);
  try {
    if (isPerson) {
      stdin.setRawMode(true);
      takeOutputAsItIs();
      stdout.on("resize", resize);
      // It may have changed on the way.
      resize();
    }
    if (signal.aborted) stop();
    stdin.pipe(session.stdin);
    session.stdout.pipe(stdout, { end: false });
    session.stderr.pipe(stderr, { end: false });
    const status = await session.ended;
    await Promise.all([session.stdout, session.stderr].map((stream) => finished(stream, { writable: false })));
    return signal.aborted ? INTERRUPTED : status;
  } finally {
    stdin.unpipe(session.stdin);
    stdin.pause();
    stdin.unref?.();
    stdout.off("resize", resize);
    calm();
    process.off("exit", calm);
  }
}

function sizeOf(stdout: NodeJS.WriteStream) {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}
