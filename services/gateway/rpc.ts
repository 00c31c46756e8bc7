import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { GatewayClient } from "@openclaw/gateway-client";
import { z } from "zod";
import { type OpsError, stopped } from "../../src/core/errors.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { notReady, rpcFailed } from "./failures.ts";
import { REQUIRED_SCOPES } from "./scopes.ts";

const helloSchema = z.object({
  server: z.object({ version: z.string().min(1) }),
  auth: z.object({ role: z.string(), scopes: z.array(z.string()) }),
});

interface RpcHello {
  readonly version: string;
  /** What the gateway grants the bearer of the token. */
  readonly scopes: readonly string[];
}

interface RpcTarget {
  readonly shell: Pick<HostShell, "dial">;
  readonly port: number;
  readonly token: Secret;
  readonly signal?: AbortSignal;
}

const PROTOCOL = 4;
const HELLO_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 10_000;

export interface RpcSession {
  readonly hello: RpcHello;
  /** @throws OpsError `gateway-rpc-failed`; `gateway-not-ready` (later) when the connection is gone. */
  call(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Hears of every event from now on, in order; `payload` is whatever the gateway sent. */
  onEvent(hear: (event: string, payload: unknown) => void): void;
  /** Rejects when the connection is gone: OpsError `gateway-not-ready` (later); or the signal is: what `stopped` says. Never resolves. */
  readonly lost: Promise<never>;
}

/** Connects with the token, as an operator who asks for everything Creel needs, for as long as `use` takes. */
export async function withRpc<Result>(
  { shell, port, token, signal }: RpcTarget,
  use: (session: RpcSession) => Promise<Result>,
): Promise<Result> {
  const forward = await forwardLoopback(shell, port);
  const greeted = Promise.withResolvers<unknown>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const hearers: ((event: string, payload: unknown) => void)[] = [];
  const client = new GatewayClient({
    url: `ws://127.0.0.1:${forward.port}`,
    token: token.reveal(),
    clientName: "gateway-client",
    mode: "backend",
    role: "operator",
    scopes: [...REQUIRED_SCOPES],
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    deviceIdentity: null,
    env: {},
    onHelloOk: greeted.resolve,
    onConnectError: (cause) => greeted.reject(refusal(cause)),
    onClose: (code, reason) => {
      greeted.reject(rpcFailed(`it closed the connection with ${code} ${reason}`));
      lost.reject(notReady("it closed the connection while it was spoken to"));
    },
    onEvent: ({ event, payload }) => {
      for (const hear of hearers) hear(event, payload);
    },
  });
  const onAbort = () => {
    if (!signal) return;
    greeted.reject(stopped(signal));
    lost.reject(stopped(signal));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => greeted.reject(notReady("it does not greet over WebSocket")), HELLO_TIMEOUT_MS);
  try {
    client.start();
    const hello = helloSchema.safeParse(await greeted.promise);
    if (!hello.success) throw rpcFailed("its greeting is not of protocol 4", hello.error);
    const { server, auth } = hello.data;
    return await use({
      hello: { version: server.version, scopes: auth.scopes },
      call: (...asked) => call(client, asked),
      onEvent: (hear) => void hearers.push(hear),
      lost: lost.promise,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    // A gateway that ends a turn answers a goodbye late; the result does not wait for that, and the end of the shell ends this as well.
    void client
      .stopAndWait()
      .catch(() => undefined)
      .finally(forward.close);
  }
}

/** One that starts again lets nobody in before it closes its port. */
const turnedAway = z.object({ details: z.object({ httpStatus: z.literal(503) }) });

function refusal(cause: unknown): OpsError {
  return turnedAway.safeParse(cause).success
    ? notReady("it lets nobody in right now")
    : rpcFailed("it refused the connection", cause);
}

async function call(
  client: GatewayClient,
  [method, params]: readonly [string, Readonly<Record<string, unknown>>],
): Promise<unknown> {
  try {
    return await client.request(method, params, { timeoutMs: CALL_TIMEOUT_MS });
  } catch (cause) {
    throw rpcFailed(`${method} was not answered as expected`, cause);
  }
}

/** The client library takes an address only, so the SSH channel gets one on this machine's loopback, for one connection. */
async function forwardLoopback(
  shell: RpcTarget["shell"],
  port: number,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const remote = await shell.dial(port);
  let local: Socket | null = null;
  const server = createServer({ noDelay: true }, (socket) => {
    if (local !== null) return socket.destroy();
    local = socket;
    // Either end may go first; the client library notices and tells.
    pipeline(socket, remote, socket).catch(() => socket.destroy());
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw rpcFailed("no local port could be opened");
  return {
    port: address.port,
    close() {
      remote.destroy();
      local?.destroy();
      server.close();
    },
  };
}
