import { constants } from "node:os";
import type { Client, ClientChannel } from "ssh2";
import { stopped } from "../../src/core/errors.ts";
import type { Login } from "../system/system.ts";
import { hostUnreachable, timedOut } from "./failures.ts";
import type { RunOptions, RunResult } from "./host-shell.ts";
import { OUTPUT_LIMIT_BYTES } from "./output.ts";
import { commandLine, killLine } from "./quoting.ts";

const PROCESS_ID = /^(\d+)\n/;

/** A connection on which somebody has logged in. */
export interface Line {
  readonly client: Client;
  /** See `Login`. */
  readonly asRoot: Login["asRoot"];
}

/** One program over one SSH channel; see `HostShell.run`. `where` names the host in errors. */
export function runOverSsh(
  line: Line,
  where: string,
  argv: readonly [string, ...string[]],
  { stdin = "", timeoutMs, signal }: RunOptions,
): Promise<RunResult> {
  const { client, asRoot } = line;
  const command = commandLine([...asRoot, ...argv]);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped(signal));
    let isOver = false;
    let running: { readonly channel: ClientChannel; readonly stderr: () => string } | null = null;
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => end(timedOut(argv, timeoutMs)), timeoutMs);
    const onAbort = () => {
      if (signal) end(stopped(signal));
    };
    const onLost = () => end(hostUnreachable(where, null));
    signal?.addEventListener("abort", onAbort, { once: true });
    client.once("close", onLost);

    function end(outcome: RunResult | Error): void {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      client.removeListener("close", onLost);
      if (outcome instanceof Error) {
        if (running) abandon(line, running.channel, running.stderr);
        reject(outcome);
      } else {
        resolve(outcome);
      }
    }

    function attach(channel: ClientChannel): void {
      const stdout = collect(channel);
      const stderr = collect(channel.stderr);
      if (isOver) {
        abandon(line, channel, stderr);
        return;
      }
      running = { channel, stderr };
      let exitCode: number | null = null;
      channel.on("exit", (code: number | null, signalName?: string) => {
        exitCode = exitStatus(code, signalName);
      });
      // A program may end without reading its input; how it ended is told by "exit", and its absence by "close".
      let broken: unknown = null;
      channel.on("error", (cause: unknown) => {
        broken = cause;
      });
      channel.on("close", () => {
        running = null;
        if (exitCode === null) end(hostUnreachable(where, broken));
        else end({ exitCode, stdout: stdout(), stderr: stderr().replace(PROCESS_ID, "") });
      });
      channel.end(stdin);
    }

    try {
      client.exec(command, (error, opened) => (error ? end(hostUnreachable(where, error)) : attach(opened)));
    } catch (error) {
      // ssh2 throws when the connection went away a moment ago.
      end(hostUnreachable(where, error));
    }
  });
}

/**
 * Ends a program nobody waits for any more: closing the channel would leave it running, and ssh2 sends no signals once the input has
 * ended. On a busy host it may not have said yet which process it is.
 */
function abandon(line: Line, channel: ClientChannel, stderr: () => string): void {
  function kill(): void {
    const processId = PROCESS_ID.exec(stderr())?.[1];
    if (processId === undefined) return;
    channel.stderr.removeListener("data", kill);
    channel.close();
    killOverSsh(line, Number(processId));
  }
  channel.stderr.on("data", kill);
  kill();
}

/** See `killLine`. Nobody waits for it. */
export function killOverSsh({ client, asRoot }: Line, processId: number): void {
  try {
    client.exec(killLine(processId, asRoot), (_error, killer) => killer?.resume().stderr.resume());
  } catch {
    // The connection is gone too, and with it the way to the program.
    return;
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let room = OUTPUT_LIMIT_BYTES;
  stream.on("data", (chunk: Buffer) => {
    if (room <= 0) return;
    chunks.push(chunk.subarray(0, room));
    room -= chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}

/** 128 + signal number when it was killed. */
export function exitStatus(code: number | null, signalName: string | undefined): number {
  return code ?? 128 + signalNumber(signalName ?? "");
}

function signalNumber(name: string): number {
  const full = name.startsWith("SIG") ? name : `SIG${name}`;
  return Object.entries(constants.signals).find(([known]) => known === full)?.[1] ?? 0;
}
