import { createServer, type Server } from "node:net";
import { isErrno } from "../../../../src/core/errno.ts";
import { OpsError } from "../../../../src/core/errors.ts";

const ATTEMPTS = 50;

/** A port of the machine's loopback such that it and the one after it are free. @throws OpsError `address-in-use`. */
export async function freePortPair(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = await listen(0);
    const port = portOf(first);
    const next = port < 65_535 && !taken.has(port) && !taken.has(port + 1) ? await tryListen(port + 1) : null;
    await Promise.all([close(first), close(next)]);
    if (next !== null) return port;
  }
  throw portsInUse();
}

/** Whether both ports of a pair can be had right now. */
export async function isPairFree(port: number): Promise<boolean> {
  const servers = await Promise.all([tryListen(port), tryListen(port + 1)]);
  await Promise.all(servers.map(close));
  return !servers.includes(null);
}

export function portsInUse(): OpsError {
  return new OpsError({
    code: "address-in-use",
    userMessage: "The ports of the virtual machine on 127.0.0.1 are taken.",
    hint: "`ss -ltnp` shows who listens.",
  });
}

async function tryListen(port: number): Promise<Server | null> {
  try {
    return await listen(port);
  } catch (error) {
    if (isErrno(error, "EADDRINUSE")) return null;
    throw error;
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function close(server: Server | null): Promise<void> {
  return new Promise((resolve) => {
    if (server === null) resolve();
    else server.close(() => resolve());
  });
}
