import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import { type OpsError, stopped } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { acceptedKeys } from "../../src/core/host-keys.ts";
import type { Login } from "../system/system.ts";
import { type ClientKey, loadOrCreateClientKey } from "./client-key.ts";
import { commandFailed, hostUnreachable, keyMismatch, loginRefused } from "./failures.ts";
import { fingerprintOf } from "./host-key.ts";
import type { HostShell, HostShells } from "./host-shell.ts";
import { type Line, runOverSsh } from "./ssh-run.ts";
import { openOverSsh } from "./ssh-session.ts";

export interface SshShellsOptions {
  /** As the host's system wants it; default: as root. May throw OpsError. */
  readonly login?: (host: Host) => Login;
  /** Created on first use, mode 0600. */
  readonly keyFile: string;
  /** For the TCP connection, and again for the server's first byte; default 3000. Callers try again anyway. */
  readonly answerTimeoutMs?: number;
  /** For key exchange and login after the first byte; default 15 000, because small machines are slow while they boot. */
  readonly handshakeTimeoutMs?: number;
  /** A host that stopped answering is given up after three of these; default 4500. */
  readonly keepaliveIntervalMs?: number;
}

type Limits = Required<Omit<SshShellsOptions, "keyFile" | "login">>;

const ROOT: Login = { user: "root", asRoot: [] };

/** Shells as root over SSH, with strict checking of host keys. */
export function createSshShells(options: SshShellsOptions): HostShells {
  const limits = { answerTimeoutMs: 3000, handshakeTimeoutMs: 15_000, keepaliveIntervalMs: 4500, ...options };
  let key: Promise<ClientKey> | null = null;
  function clientKey(): Promise<ClientKey> {
    key ??= loadOrCreateClientKey(options.keyFile).catch((error: unknown) => {
      key = null;
      throw error;
    });
    return key;
  }

  return {
    authorizedKey: async () => (await clientKey()).publicKey,
    async connect(host, { acceptFingerprints = acceptedKeys(host), signal } = {}) {
      if (signal?.aborted) throw stopped(signal);
      const login = options.login?.(host) ?? ROOT;
      const target = { address: host.address, port: host.sshPort, login, acceptFingerprints, limits };
      return logIn(target, await clientKey(), signal);
    },
  };
}

interface Target {
  readonly address: string;
  readonly port: number;
  readonly login: Login;
  readonly acceptFingerprints: readonly string[];
  readonly limits: Limits;
}

function logIn(target: Target, key: ClientKey, signal: AbortSignal | undefined): Promise<HostShell> {
  const where = `${target.address} port ${target.port}`;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const socket = connectTcp({ host: target.address, port: target.port, noDelay: true });
    let fingerprint = "";
    let settled = false;

    function fail(error: OpsError): void {
      if (settled) return;
      settled = true;
      signal?.removeEventListener("abort", onAbort);
      socket.setTimeout(0);
      client.destroy();
      socket.destroy();
      reject(error);
    }
    function onAbort(): void {
      if (signal) fail(stopped(signal));
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (cause) => fail(hostUnreachable(where, cause)));
    // User-mode networks and some load balancers accept a connection before there is anything behind them.
    giveUpWithoutAnswer(socket, target.limits.answerTimeoutMs, () => fail(hostUnreachable(where, null)));

    client.on("ready", () => {
      settled = true;
      signal?.removeEventListener("abort", onAbort);
      resolve(shellOver({ client, asRoot: target.login.asRoot }, where, fingerprint));
    });
    client.on("error", (cause) => {
      fail(cause.level === "client-authentication" ? loginRefused(where, cause) : hostUnreachable(where, cause));
    });
    client.on("close", () => fail(hostUnreachable(where, null)));

    socket.once("connect", () => {
      if (settled) return;
      client.connect({
        sock: socket,
        username: target.login.user,
        privateKey: key.privateKey,
        authHandler: ["publickey"],
        algorithms: { serverHostKey: ["ssh-ed25519"] },
        hostVerifier: (hostKey: Buffer) => {
          fingerprint = fingerprintOf(hostKey);
          if (target.acceptFingerprints.includes(fingerprint)) return true;
          fail(keyMismatch(where, fingerprint));
          return false;
        },
        readyTimeout: target.limits.handshakeTimeoutMs,
        keepaliveInterval: target.limits.keepaliveIntervalMs,
        keepaliveCountMax: 2,
      });
    });
  });
}

function giveUpWithoutAnswer(socket: Socket, timeoutMs: number, giveUp: () => void): void {
  socket.setTimeout(timeoutMs, giveUp);
  // ssh2 listens from the same moment on, so this takes no bytes away from it.
  socket.once("connect", () => socket.once("data", () => socket.setTimeout(0)));
}

function shellOver(line: Line, where: string, hostKeyFingerprint: string): HostShell {
  const { client } = line;
  let open = true;
  // Every call in flight listens for the end of the connection.
  client.setMaxListeners(100);
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      open = false;
      resolve();
    });
  });

  function alive(): Line {
    if (open) return line;
    throw hostUnreachable(where, null);
  }

  const shell: HostShell = {
    hostKeyFingerprint,
    run: async (argv, options = {}) => runOverSsh(alive(), where, argv, options),
    async check(argv, options) {
      const result = await shell.run(argv, options);
      if (result.exitCode !== 0) throw commandFailed(argv, result);
      return result.stdout;
    },
    dial: async (port, signal) => dialOverSsh(alive().client, `port ${port} of ${where}`, port, signal),
    open: async (options) => await openOverSsh(alive(), where, options),
    closed,
    async close() {
      if (open) client.end();
      await closed;
    },
    [Symbol.asyncDispose]: () => shell.close(),
  };
  return shell;
}

function dialOverSsh(client: Client, where: string, port: number, signal: AbortSignal | undefined): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped(signal));
    const onAbort = () => {
      if (signal) refuse(stopped(signal));
    };
    const onLost = () => refuse(hostUnreachable(where, null));
    signal?.addEventListener("abort", onAbort, { once: true });
    client.once("close", onLost);

    function release(): void {
      signal?.removeEventListener("abort", onAbort);
      client.removeListener("close", onLost);
    }
    function refuse(error: OpsError): void {
      release();
      reject(error);
    }
    try {
      client.forwardOut("127.0.0.1", 0, "127.0.0.1", port, (error, channel) => {
        if (error) return refuse(hostUnreachable(where, error));
        release();
        if (signal?.aborted) channel.destroy();
        resolve(channel);
      });
    } catch (error) {
      // ssh2 throws when the connection went away a moment ago.
      refuse(hostUnreachable(where, error));
    }
  });
}
