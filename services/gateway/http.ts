import { request } from "node:http";
import type { Duplex } from "node:stream";
import { stopped } from "../../src/core/errors.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { notReady } from "./failures.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const BODY_LIMIT_BYTES = 64 * 1024;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * One GET to the gateway through the host's loopback; starts no program there.
 * @throws OpsError `gateway-not-ready` when the answer does not come or is cut off, and what `HostShell.dial` throws.
 */
export async function httpGet(shell: HostShell, port: number, path: string, signal?: AbortSignal): Promise<HttpAnswer> {
  const stream = await shell.dial(port, signal);
  try {
    return await exchange(stream, { port, path, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw stopped(signal);
    throw notReady("it took the connection but did not answer", error);
  } finally {
    stream.destroy();
  }
}

function exchange(
  stream: Duplex,
  { port, path, signal }: { readonly port: number; readonly path: string; readonly signal?: AbortSignal },
): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    const get = request({
      path,
      headers: { host: `127.0.0.1:${port}`, connection: "close" },
      createConnection: () => stream,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    get.on("error", reject);
    get.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text.slice(0, BODY_LIMIT_BYTES - body.length);
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    get.end();
  });
}
