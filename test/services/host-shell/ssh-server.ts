import { execFileSync, spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import ssh2, { type Connection, type ServerChannel, type Session } from "ssh2";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import type { Host } from "../../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";

export interface LoopbackSshServer extends AsyncDisposable {
  readonly host: Host;
  /** Ends every connection without a word, as a machine does that loses power. */
  cutOff(): void;
  /** Stops answering without closing anything, as a machine does that froze. */
  freeze(): void;
}

/** An SSH server on the loopback that runs what it is told with the real /bin/sh. Lets in whoever owns `authorizedKey`, as `user`. */
export async function startSshServer(
  authorizedKey: string,
  { user = "root" }: { readonly user?: string } = {},
): Promise<LoopbackSshServer> {
  const hostKey = generateHostKey();
  const sockets = new Set<Socket>();
  const allowed = ssh2.utils.parseKey(authorizedKey);
  if (allowed instanceof Error) throw allowed;
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
    // Clients of these tests vanish on purpose.
    client.on("error", () => client.end());
    client.on("authentication", (attempt) => {
      const mine = attempt.method === "publickey" && attempt.key.data.equals(allowed.getPublicSSH());
      const proven =
        mine && (attempt.signature === undefined || allowed.verify(attempt.blob ?? "", attempt.signature) === true);
      if (proven && attempt.username === user) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    client.on("session", (accept) => serveSession(accept()));
    serveForwards(client);
  });
  // The raw sockets are kept to be able to break them.
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const port = (server.address() as AddressInfo).port;
  const front = createServer({ noDelay: true }, (socket) => {
    const back = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const end of [socket, back]) {
      sockets.add(end);
      end.on("error", () => end.destroy());
    }
    socket.pipe(back).pipe(socket);
    socket.on("close", () => back.destroy());
    back.on("close", () => socket.destroy());
  });
  await new Promise<void>((listening) => front.listen(0, "127.0.0.1", listening));

  return {
    host: {
      name: parseHostName("ada-abcdef"),
      provider: "test",
      state: "running",
      agents: [parseAgentName("ada")],
      operation: parseOperationId("0123456789abcdef"),
      createdAtMs: 0,
      region: "here",
      size: "small",
      system: "debian",
      address: "127.0.0.1",
      sshPort: (front.address() as AddressInfo).port,
      gatewayPort: 18_789,
      image: null,
      containerImage: "localhost/creel/openclaw:2026.9.6",
      hostKeyFingerprint: hostKey.fingerprint,
      nextHostKeyFingerprint: null,
    },
    cutOff() {
      for (const socket of sockets) socket.destroy();
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((closed) => front.close(() => closed())),
        new Promise<void>((closed) => server.close(() => closed())),
      ]);
    },
  };
}

function serveSession(session: Session): void {
  let terminal: Terminal | null = null;
  session.on("pty", (accept, _reject, { term, cols, rows }) => {
    terminal = { type: term, cols, rows, device: "" };
    accept();
  });
  session.on("window-change", (accept, _reject, { cols, rows }) => {
    accept?.();
    if (terminal === null) return;
    Object.assign(terminal, { cols, rows });
    applySize(terminal);
  });
  const inTerminal = (channel: ServerChannel, program: string) => {
    if (!terminal) throw new Error("A login shell is only asked for with a terminal.");
    serveTerminal(channel, program, terminal);
  };
  session.on("shell", (accept) => inTerminal(accept(), "exec sh -i"));
  session.on("exec", (accept, _reject, { command }) => {
    const channel = accept();
    if (terminal !== null) return inTerminal(channel, command);
    // Its own process group, like the sessions of OpenSSH: a signal can go to the whole of it.
    const child = spawn("/bin/sh", ["-c", command], { detached: true, env: { ...process.env, SHELL: "/bin/sh" } });
    channel.pipe(child.stdin);
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.on("close", (code, signal) => {
      if (signal) channel.exit(signal.replace("SIG", ""));
      else channel.exit(code ?? 0);
      channel.end();
    });
  });
}

interface Terminal {
  readonly type: string;
  cols: number;
  rows: number;
  /** "" before the program runs, and when it has ended. */
  device: string;
}

/** The kernel tells the programs on it. */
function applySize({ device, cols, rows }: Terminal): void {
  if (device !== "") execFileSync("stty", ["-F", device, "cols", String(cols), "rows", String(rows)]);
}

/** In a real pseudo-terminal, made by script(1). */
function serveTerminal(channel: ServerChannel, program: string, terminal: Terminal): void {
  const { cols, rows, type } = terminal;
  const line = `stty cols ${cols} rows ${rows}; tty; ${program}`;
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    env: { PATH: process.env.PATH, TERM: type, PS1: "$ " },
  });
  let first = Buffer.alloc(0);
  const onFirst = (chunk: Buffer) => {
    first = Buffer.concat([first, chunk]);
    const end = first.indexOf("\n");
    if (end < 0) return;
    child.stdout.off("data", onFirst);
    terminal.device = first.subarray(0, end).toString().trim();
    // It may have changed meanwhile.
    applySize(terminal);
    channel.write(first.subarray(end + 1));
    child.stdout.pipe(channel, { end: false });
    // Not before: what is typed early would be echoed in front of it.
    channel.pipe(child.stdin);
  };
  child.stdout.on("data", onFirst);
  child.stdin.on("error", () => child.stdin.destroy());
  // As when OpenSSH lets go of one: the kernel hangs up on the programs on it.
  channel.on("close", () => child.kill("SIGKILL"));
  child.on("exit", () => {
    terminal.device = "";
  });
  child.on("close", (code) => {
    channel.exit(code ?? 0);
    channel.end();
  });
}

function serveForwards(client: Connection): void {
  client.on("tcpip", (accept, reject, { destIP, destPort }) => {
    const socket = connect(destPort, destIP);
    socket.once("error", () => reject());
    socket.once("connect", () => {
      const channel = accept();
      channel.on("error", () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
  });
}
