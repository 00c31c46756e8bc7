import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { errnoOf } from "../../../core/errno.ts";
import { OpsError } from "../../../core/errors.ts";
import type { JobControl } from "../keyboard.ts";
import { type FromServer, fromServer, type Hello, PROTOCOL, piecesOf, receive, SOCKET_NAME, send } from "./protocol.ts";

/** Until the other side has to have said who it is. */
const WELCOME_LIMIT_MS = 5_000;
/** What is typed ahead of a Creel that is busy. */
const MOST_TYPED_AHEAD = 65_536;
/** After this long without an answer, Ctrl-C and Ctrl-D are for this side. */
const PATIENCE_MS = 3_000;

interface ClientTerminal {
  readonly input: Readable & { setRawMode?(on: boolean): unknown };
  readonly output: Writable;
  readonly errors: Writable;
  readonly look: Pick<Hello, "interactive" | "color" | "cursor" | "unicode">;
  readonly columns: () => number;
  readonly rows: () => number;
  readonly jobControl: JobControl;
}

export interface ClientOptions {
  readonly stateDir: string;
  readonly terminal: ClientTerminal;
  /** The other side is there. */
  readonly onAttached: (other: { readonly version: string; readonly pid: number }) => void;
  /** Aborts when this process has to end; the other one goes on. */
  readonly signal: AbortSignal;
}

/** finished: the session ended by itself · ended: that Creel stopped · lost: it went without a word, or does not answer. */
export type SessionEnd = {
  readonly type: "finished" | "ended" | "lost";
  readonly status: number;
  readonly pid: number;
  /** Why the input of this terminal could not be read to its end, such as `EIO`; null when it was. */
  readonly inputError: string | null;
};

/**
 * This terminal as one of the Creel that runs on `stateDir`. null when none listens there.
 * @throws OpsError `wrong-state` when it refuses, is of a version that speaks otherwise, or does not answer.
 */
export async function attach(options: ClientOptions): Promise<SessionEnd | null> {
  const socket = await reach(join(options.stateDir, SOCKET_NAME));
  return socket === null ? null : await converse(socket, options);
}

async function reach(path: string): Promise<Socket | null> {
  const socket = connect(path);
  const { promise, resolve, reject } = Promise.withResolvers<Socket | null>();
  socket.once("connect", () => resolve(socket));
  socket.once("error", (error) => {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") resolve(null);
    else reject(unreachable(`Creel's socket ${path} cannot be reached (${code ?? error.message}).`));
  });
  return promise;
}

function converse(socket: Socket, { stateDir, terminal, onAttached, signal }: ClientOptions): Promise<SessionEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<SessionEnd>();
  const { output, errors, look, jobControl } = terminal;
  const undo: (() => void)[] = [];
  let pid: number | null = null;
  const impatient = setTimeout(() => {
    reject(unreachable("Creel runs on this state folder but does not answer."));
    socket.destroy();
  }, WELCOME_LIMIT_MS);
  const size = () => ({ columns: terminal.columns(), rows: terminal.rows() });
  const give = (to: Writable, data: string) => {
    if (to.destroyed || to.write(data) || socket.isPaused()) return;
    // Whoever looks at this terminal is slow: so is what comes from there, instead of piling up here.
    socket.pause();
    for (const event of ["drain", "close"]) to.once(event, () => socket.resume());
  };
  const begin = async ({ version, proof, pid: other }: Extract<FromServer, { type: "welcome" }>) => {
    await writeFile(join(stateDir, proof), "", { flag: "wx", mode: 0o600 });
    pid = other;
    onAttached({ version, pid: other });
    send(socket, { type: "hello", protocol: PROTOCOL, ...look, ...size() });
    undo.push(...wire());
  };
  const typing = createTyping(socket, terminal, () => socket.destroy());
  const wire = (): (() => void)[] => {
    const onResize = () => void send(socket, { type: "size", ...size() });
    const onLost = (error: unknown) => void send(socket, { type: "lost", code: errnoOf(error) ?? "closed" });
    const onStop = () => void send(socket, { type: "stop" });
    output.on("resize", onResize).on("error", onLost);
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) onStop();
    const stopHearing = jobControl.onContinued(() => {
      onResize();
      send(socket, { type: "continued" });
    });
    const isRaw = look.interactive && look.cursor;
    if (isRaw) terminal.input.setRawMode?.(true);
    typing.open();
    return [
      () => void output.off("resize", onResize).off("error", onLost),
      () => signal.removeEventListener("abort", onStop),
      stopHearing,
      () => void (isRaw && terminal.input.setRawMode?.(false)),
      () => typing.close(),
    ];
  };
  const end = (end: Pick<SessionEnd, "type" | "status">) =>
    resolve({ ...end, pid: pid ?? 0, inputError: typing.error() });

  receive(socket, fromServer, (message) => {
    switch (message.type) {
      case "welcome":
        clearTimeout(impatient);
        if (message.protocol !== PROTOCOL) {
          reject(otherVersion(message));
          return void socket.destroy();
        }
        return void begin(message).catch((cause: unknown) => {
          reject(unreachable(`You may not write into ${stateDir}, so Creel cannot tell who you are.`, cause));
          socket.destroy();
        });
      case "refused":
        reject(new OpsError({ code: "wrong-state", userMessage: message.message, hint: message.hint }));
        return void socket.destroy();
      case "taken":
        return typing.taken();
      case "output":
        return give(output, message.data);
      case "errors":
        return give(errors, message.data);
      case "suspend":
        return jobControl.suspend();
      case "exit":
        end({ type: message.ended ? "ended" : "finished", status: message.status });
        return void socket.end();
    }
  });
  socket.on("error", () => socket.destroy());
  socket.once("close", () => {
    clearTimeout(impatient);
    if (pid === null) reject(unreachable("Creel runs on this state folder but did not let this terminal in."));
    end({ type: "lost", status: 1 });
  });
  return promise.finally(() => {
    for (const step of undo) step();
  });
}

/** Keys or lines on their way: one piece at a time, the next when the other side has taken it. */
function createTyping(socket: Socket, { input, look }: ClientTerminal, giveUp: () => void) {
  const decoder = new StringDecoder("utf8");
  let ahead = "";
  let isEnded = false;
  let sentMs: number | null = null;
  let error: string | null = null;
  const next = () => {
    if (sentMs !== null) return;
    const [data] = piecesOf(ahead);
    if (data !== undefined) {
      send(socket, { type: "input", data });
      ahead = ahead.slice(data.length);
      sentMs = performance.now();
    } else if (isEnded) return void send(socket, { type: "end" });
    if (ahead.length < MOST_TYPED_AHEAD && !look.interactive) input.resume();
  };
  const onData = (chunk: Buffer | string) => {
    const text = typeof chunk === "string" ? chunk : decoder.write(chunk);
    const isStuck = sentMs !== null && performance.now() - sentMs > PATIENCE_MS;
    if (look.interactive && isStuck && ["\x03", "\x04"].some((key) => text.includes(key))) return giveUp();
    // A person who types this much to a Creel that is stuck gains nothing by it; a file is read no further.
    if (look.interactive) ahead = (ahead + text).slice(0, MOST_TYPED_AHEAD);
    else ahead += text;
    if (!look.interactive && ahead.length >= MOST_TYPED_AHEAD) input.pause();
    next();
  };
  const onEnd = () => {
    if (!isEnded) {
      isEnded = true;
      next();
    }
  };
  const onError = (cause: unknown) => {
    error = errnoOf(cause) ?? "it is closed";
    onEnd();
  };
  return {
    error: () => error,
    open: () => void input.on("data", onData).once("end", onEnd).once("close", onEnd).once("error", onError),
    taken() {
      sentMs = null;
      next();
    },
    close: () => void input.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError).pause(),
  };
}

function otherVersion({ version, pid }: { readonly version: string; readonly pid: number }): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `Creel ${version} runs on this state folder (pid ${pid}) and speaks otherwise than this version.`,
    hint: "Use the program that was started there, or stop it (kill it, or its service) and start this one.",
  });
}

function unreachable(userMessage: string, cause?: unknown): OpsError {
  return new OpsError({ code: "wrong-state", userMessage, hint: "Stop that one, or wait and try again.", cause });
}
