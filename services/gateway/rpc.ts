import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { GatewayClient } from "@openclaw/gateway-client";
import { z } from "zod";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { notReady, rpcFailed, stopped } from "./failures.ts";
import { REQUIRED_SCOPES } from "./scopes.ts";

const helloSchema = z.object({
  server: z.object({ version: z.string().min(1) }),
  auth: z.object({ role: z.string(), scopes: z.array(z.string()) }),
});

export interface RpcHello {
  readonly version: string;
  /** What the gateway grants the bearer of the token. */
  readonly scopes: readonly string[];
}

const PROTOCOL = 4;
const HELLO_TIMEOUT_MS = 10_000;

/** Connects with the token, as an operator who asks for everything Creel needs, and says what was granted. */
export async function rpcHello(shell: HostShell, port: number, token: Secret, signal?: AbortSignal): Promise<RpcHello> {
  await using forward = await forwardLoopback(shell, port);
  const greeted = Promise.withResolvers<unknown>();
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
    onConnectError: (cause) => greeted.reject(rpcFailed("it refused the connection", cause)),
    onClose: (code, reason) => greeted.reject(rpcFailed(`it closed the connection with ${code} ${reason}`)),
  });
  const onAbort = () => {
    if (signal) greeted.reject(stopped(signal));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => greeted.reject(notReady("it does not greet over WebSocket")), HELLO_TIMEOUT_MS);
  try {
    client.start();
    const hello = helloSchema.safeParse(await greeted.promise);
    if (!hello.success) throw rpcFailed("its greeting is not of protocol 4", hello.error);
    return { version: hello.data.server.version, scopes: hello.data.auth.scopes };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    await client.stopAndWait();
  }
}

/** The client library takes an address only, so the SSH channel gets one on this machine's loopback, for one connection. */
async function forwardLoopback(shell: HostShell, port: number): Promise<AsyncDisposable & { readonly port: number }> {
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
    async [Symbol.asyncDispose]() {
      remote.destroy();
      local?.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}
