import { Transform } from "node:stream";
import type { ClientChannel, PseudoTtyOptions } from "ssh2";
import { OpsError } from "../../src/core/errors.ts";
import { hostUnreachable } from "./failures.ts";
import type { Session, SessionOptions } from "./host-shell.ts";
import { sessionLine } from "./quoting.ts";
import { exitStatus, killOverSsh, type Line } from "./ssh-run.ts";

/** A program that a person uses, over one SSH channel; see `HostShell.open`. `where` names the host in errors. */
export async function openOverSsh(line: Line, where: string, options: SessionOptions): Promise<Session> {
  const { client, asRoot } = line;
  const { terminal } = options;
  const pty = terminal && sizeOf(terminal, { term: terminal.type });
  const command = sessionLine(options.line, asRoot, pty !== null);
  const { promise, resolve, reject } = Promise.withResolvers<Session>();
  // At once: how it ended may come in the same packet.
  const opened = (error: Error | undefined, channel: ClientChannel) => {
    if (error) reject(hostUnreachable(where, error));
    else resolve(pty === null ? withoutTerminal(line, where, channel) : withTerminal(line, where, channel));
  };
  const onLost = () => reject(hostUnreachable(where, null));
  client.once("close", onLost);
  try {
    // As ssh does it: so the host says what it says to people who log in.
    if (pty !== null && options.line === null && asRoot.length === 0) client.shell(pty, opened);
    else client.exec(command, pty === null ? {} : { pty }, opened);
    return await promise;
  } catch (error) {
    // ssh2 throws when the connection went away a moment ago.
    throw error instanceof OpsError ? error : hostUnreachable(where, error);
  } finally {
    client.removeListener("close", onLost);
  }
}

function withTerminal(line: Line, where: string, channel: ClientChannel): Session {
  let isOver = false;
  const ended = endOf(line, where, channel);
  channel.on("close", () => {
    isOver = true;
  });
  return {
    ...{ stdin: channel, stdout: channel, stderr: channel.stderr, ended },
    resize(size) {
      const { rows, cols, height, width } = sizeOf(size, {});
      if (!isOver) channel.setWindow(rows, cols, height, width);
    },
    // Its terminal hangs up, and with that go all the programs on it.
    stop: () => channel.close(),
  };
}

function withoutTerminal(line: Line, where: string, channel: ClientChannel): Session {
  const started = Promise.withResolvers<number>();
  const stderr = channel.stderr.pipe(withoutFirstLine((processId) => started.resolve(Number(processId))));
  const ended = endOf(line, where, channel);
  return {
    ...{ stdin: channel, stdout: channel, stderr, ended },
    resize: () => undefined,
    // On a busy host it may not have said yet which process it is.
    stop: () => void started.promise.then((processId) => killOverSsh(line, processId)),
  };
}

function endOf({ client }: Line, where: string, channel: ClientChannel): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let status: number | null = null;
  let broken: unknown = null;
  channel.on("exit", (code: number | null, signalName?: string) => {
    status = exitStatus(code, signalName);
  });
  channel.on("error", (cause: unknown) => {
    broken = cause;
  });
  const onOver = () => {
    client.removeListener("close", onOver);
    if (status === null) reject(hostUnreachable(where, broken));
    else resolve(status);
  };
  // Nobody may be reading it when the connection goes.
  client.once("close", onOver);
  channel.on("close", onOver);
  // Whoever stops it need not wait for its end.
  promise.catch(() => undefined);
  return promise;
}

/** Hands on bytes as they are, but for what comes before the first line feed. */
function withoutFirstLine(onLine: (line: string) => void): Transform {
  let begun: Buffer | null = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (begun === null) return done(null, chunk);
      begun = Buffer.concat([begun, chunk]);
      const end = begun.indexOf("\n");
      if (end < 0) return done();
      onLine(begun.subarray(0, end).toString());
      const rest = begun.subarray(end + 1);
      begun = null;
      done(null, rest);
    },
  });
}

/** ssh2 wants pixels as well; 0 means that nobody knows. */
function sizeOf<Rest extends PseudoTtyOptions>({ columns, rows }: { columns: number; rows: number }, rest: Rest) {
  return { ...rest, cols: columns, rows, width: 0, height: 0 };
}
