import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { OpsError } from "../core/errors.ts";

export interface InstanceGuard {
  release(): Promise<void>;
}

/**
 * Makes this process the only Creel on an existing state folder. The mark is an abstract socket: the kernel removes it with the
 * process, however that dies, so that there is never a stale one. It holds per network namespace.
 * @throws OpsError `wrong-state` with the other one's pid.
 */
export async function guardStateFolder(stateDir: string): Promise<InstanceGuard> {
  const hash = createHash("sha256")
    .update(await realpath(stateDir))
    .digest("hex");
  const path = `\0creel-${hash.slice(0, 32)}`;
  const server = createServer((socket) => {
    // Whoever asks may be gone before it has its answer.
    socket.on("error", () => socket.destroy());
    socket.end(String(process.pid));
  });
  if (!(await listen(server, path))) {
    const pid = await ask(path);
    throw new OpsError({
      code: "wrong-state",
      userMessage: `Creel already runs on this state folder${pid ? ` (pid ${pid})` : ""}: ${stateDir}`,
      hint: "Stop that one first, or give this one another folder with CREEL_STATE_DIR.",
    });
  }
  server.unref();
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server, path: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") resolve(false);
    else reject(error);
  });
  server.listen({ path }, () => resolve(true));
  return promise;
}

/** null when the other process does not answer. */
async function ask(path: string): Promise<string | null> {
  const socket = connect({ path });
  socket.setTimeout(1000, () => socket.destroy());
  try {
    const answer = await text(socket);
    return /^\d+$/.test(answer) ? answer : null;
  } catch {
    // It has ended or hangs: its pid only makes the message better.
    return null;
  }
}
