import { randomBytes } from "node:crypto";
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { OpsError } from "../../../core/errors.ts";
import {
  type FromClient,
  type FromServer,
  fromClient,
  type Hello,
  PROTOCOL,
  receive,
  SOCKET_NAME,
  send,
} from "./protocol.ts";
import { createRemoteSession, type RemoteSession, type RemoteTerminal } from "./session.ts";

/** More terminals than people have; each costs little, but nothing is without an end. */
const MOST_CLIENTS = 32;
const PROOF = "attach-";
const HELLO_LIMIT_MS = 5_000;
/** For what was just being said when Creel ends. */
const CLOSE_LIMIT_MS = 2_000;

export interface AttachOptions {
  /** Readable for nobody else; this process holds its guard. */
  readonly stateDir: string;
  readonly version: string;
  /** The name of a user of this machine who may come near the folder; null: nobody. */
  readonly userOf: (uid: number) => string | null;
  /** One console session; resolves to its exit status. */
  readonly run: (terminal: RemoteTerminal, user: string) => Promise<number>;
  readonly onError: (error: unknown) => void;
}

export interface AttachServer {
  /** How many sessions there are now. */
  sessions(): number;
  /** Tells every client that Creel ends. Bounded to about 2 s. Idempotent. */
  close(): Promise<void>;
}

/**
 * Lets other terminals of this machine use the Creel that runs: a socket in the state folder, with the folder's rights. Who connects
 * is known by the owner of a file that only they could make there.
 * @throws OpsError `wrong-state` when the socket cannot be made.
 */
export async function serveTerminals(options: AttachOptions): Promise<AttachServer> {
  const path = join(options.stateDir, SOCKET_NAME);
  const sockets = new Map<Socket, RemoteSession | null>();
  const running = new Set<Promise<void>>();
  let isEnding = false;

  const start = (socket: Socket, hello: Hello, user: string) => {
    const session = createRemoteSession(socket, hello);
    sockets.set(socket, session);
    const exit = (status: number) => {
      if (sockets.has(socket)) sockets.set(socket, null);
      send(socket, { type: "exit", status, ended: isEnding });
      socket.end();
    };
    const ended = options.run(session.terminal, user).then(exit, (error: unknown) => {
      options.onError(error);
      exit(1);
    });
    running.add(ended);
    ended.finally(() => running.delete(ended)).catch(() => undefined);
    return session;
  };

  const server = createServer((socket) => {
    // Whoever asks may be gone before it has its answer.
    socket.on("error", () => socket.destroy());
    if (isEnding || sockets.size >= MOST_CLIENTS)
      return refuse(socket, "Too many terminals are attached to this Creel.", null);
    sockets.set(socket, null);
    const impatient = setTimeout(() => socket.destroy(), HELLO_LIMIT_MS);
    let session: RemoteSession | null = null;
    const early: FromClient[] = [];
    let isGreeted = false;
    socket.once("close", () => {
      clearTimeout(impatient);
      sockets.get(socket)?.stop();
      sockets.delete(socket);
      void rm(join(options.stateDir, proof), { force: true }).catch(() => undefined);
    });
    const proof = `${PROOF}${randomBytes(16).toString("hex")}`;
    send(socket, { type: "welcome", protocol: PROTOCOL, version: options.version, pid: process.pid, proof });
    receive(socket, fromClient, (message) => {
      if (session !== null) return session.hear(message);
      if (isGreeted) return void early.push(message);
      if (message.type !== "hello") return void socket.destroy();
      isGreeted = true;
      clearTimeout(impatient);
      if (message.protocol !== PROTOCOL)
        return refuse(socket, "This Creel and yours do not understand each other.", null);
      // What follows waits: it may already be typed.
      socket.pause();
      ownerOf(join(options.stateDir, proof)).then((uid) => {
        const user = uid === null ? null : options.userOf(uid);
        if (user === null)
          refuse(socket, "Creel cannot tell who you are.", "Use the user that Creel runs as, or root.");
        else if (!socket.destroyed) session = start(socket, message, user);
        for (const heard of early.splice(0)) session?.hear(heard);
        socket.resume();
      }, options.onError);
    });
  });

  // What a Creel that was killed has left.
  const left = (await readdir(options.stateDir)).filter((name) => name.startsWith(PROOF));
  for (const name of [SOCKET_NAME, ...left]) await rm(join(options.stateDir, name), { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve)).catch(
    (cause: unknown) => {
      throw new OpsError({ code: "wrong-state", userMessage: `The socket ${path} cannot be made.`, cause });
    },
  );
  await chmod(path, 0o600);
  server.unref();

  let closing: Promise<void> | null = null;
  return {
    sessions: () => [...sockets.values()].filter((session) => session !== null).length,
    close() {
      closing ??= (async () => {
        isEnding = true;
        server.close();
        for (const session of sockets.values()) session?.stop();
        const limit = Promise.withResolvers<void>();
        const timer = setTimeout(limit.resolve, CLOSE_LIMIT_MS);
        await Promise.race([Promise.all(running), limit.promise]);
        clearTimeout(timer);
        for (const socket of sockets.keys()) socket.destroySoon();
        await rm(path, { force: true });
      })();
      return closing;
    },
  };
}

function refuse(socket: Socket, message: string, hint: string | null): void {
  const refusal: FromServer = { type: "refused", message, hint };
  send(socket, refusal);
  socket.end();
}

/** Whose file it is, which is gone afterwards; null when there is none. */
async function ownerOf(path: string): Promise<number | null> {
  try {
    const { uid, nlink } = await lstat(path);
    await rm(path, { force: true });
    // A second name of an old file would be somebody else's proof.
    return nlink === 1 ? uid : null;
  } catch {
    return null;
  }
}
