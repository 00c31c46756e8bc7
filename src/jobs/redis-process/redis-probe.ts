import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";

/**
 * What a Redis server behind a Unix socket says to one command, sent as plain text: enough to see whether it lives, without a client
 * that would reconnect. null when nobody listens or nothing is said within `limitMs`.
 */
export function askRedis(socketPath: string, command: "PING" | "SHUTDOWN", limitMs = 1000): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ path: socketPath });
  let said = "";
  socket.setTimeout(limitMs, () => socket.destroy());
  socket.on("data", (chunk) => {
    said += chunk.toString("utf8");
    if (said.includes("\r\n")) socket.end();
  });
  // Always followed by "close".
  socket.on("error", () => socket.destroy());
  socket.on("close", () => resolve(said === "" ? null : said.trimEnd()));
  socket.write(`${command}\r\n`);
  return promise;
}

/** Whether `pid` is a Redis server whose files are in `folder`: it works in there, whatever the folder was called when it started. */
export async function isRedisIn(pid: number, folder: string): Promise<boolean> {
  try {
    const title = await readFile(`/proc/${pid}/cmdline`, "utf8");
    const [its, ours] = await Promise.all([`/proc/${pid}/cwd`, folder].map((path) => stat(path, { bigint: true })));
    return title.includes("redis-server") && its?.dev === ours?.dev && its?.ino === ours?.ino;
  } catch {
    // No such process.
    return false;
  }
}
