import { constants } from "node:os";
import type { Client, ClientChannel } from "ssh2";
import { hostUnreachable, stopped, timedOut } from "./failures.ts";
import type { RunOptions, RunResult } from "./host-shell.ts";
import { commandLine, killLine } from "./quoting.ts";

const PROCESS_ID = /^(\d+)\n/;
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;

/** One program over one SSH channel; see `HostShell.run`. `where` names the host in errors. */
export function runOverSsh(
  client: Client,
  where: string,
  argv: readonly [string, ...string[]],
  { stdin = "", timeoutMs, signal }: RunOptions,
): Promise<RunResult> {
  const command = commandLine(argv);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped(signal));
    let running: { readonly channel: ClientChannel; readonly stderr: () => string } | null = null;
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => end(timedOut(argv, timeoutMs)), timeoutMs);
    const onAbort = () => {
      if (signal) end(stopped(signal));
    };
    const onLost = () => end(hostUnreachable(where, null));
    signal?.addEventListener("abort", onAbort, { once: true });
    client.once("close", onLost);

    function end(outcome: RunResult | Error): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      client.removeListener("close", onLost);
      if (outcome instanceof Error) {
        if (running) abandon(client, running.channel, running.stderr());
        reject(outcome);
      } else {
        resolve(outcome);
      }
    }

    function attach(channel: ClientChannel): void {
      const stdout = collect(channel);
      const stderr = collect(channel.stderr);
      running = { channel, stderr };
      let exitCode: number | null = null;
      channel.on("exit", (code: number | null, signalName?: string) => {
        exitCode = code ?? 128 + signalNumber(signalName ?? "");
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
      if (signal?.aborted) onAbort();
    }

    try {
      client.exec(command, (error, opened) => (error ? end(hostUnreachable(where, error)) : attach(opened)));
    } catch (error) {
      // ssh2 throws when the connection went away a moment ago.
      end(hostUnreachable(where, error));
    }
  });
}

/** Closing the channel would leave the program running, and ssh2 sends no signals once the input has ended. */
function abandon(client: Client, channel: ClientChannel, stderr: string): void {
  const processId = PROCESS_ID.exec(stderr)?.[1];
  channel.close();
  if (processId === undefined) return;
  try {
    client.exec(killLine(Number(processId)), (_error, killer) => killer?.resume().stderr.resume());
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

function signalNumber(name: string): number {
  const full = name.startsWith("SIG") ? name : `SIG${name}`;
  return Object.entries(constants.signals).find(([known]) => known === full)?.[1] ?? 0;
}
