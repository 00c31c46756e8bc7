import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Manner } from "../../../services/model-api/known.ts";

/** One answer instead of the right one. */
interface Odd {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ModelServer extends AsyncDisposable {
  /** As it stands in settings. */
  readonly address: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** What no real provider would have understood. */
  readonly violations: readonly string[];
  answerNext(odd: Odd): void;
  /** Takes connections and never answers. */
  hang(): void;
  close(): Promise<void>;
}

/** A provider of models on 127.0.0.1 that has the models `one` and `two`, and answers as its manner has it. */
export async function startModelServer(manner: Manner, key: string): Promise<ModelServer> {
  const asked: string[] = [];
  const violations: string[] = [];
  const odd: Odd[] = [];
  let hangs = false;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (hangs) return;
    const instead = odd.shift();
    if (instead !== undefined) return send(response, instead.status, instead.body ?? "", instead.headers);
    const complaint = complaintAbout(manner, request);
    if (complaint !== null) {
      violations.push(complaint);
      return send(response, 400, complaint);
    }
    const [status, body] = answerTo(manner, path, keyIn(manner, request), key);
    send(response, status, JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    address: `http://127.0.0.1:${port}/v1`,
    ...{ asked, violations, close },
    answerNext: (instead) => void odd.push(instead),
    hang() {
      hangs = true;
    },
    async [Symbol.asyncDispose]() {
      await close();
      if (violations.length > 0) throw new Error(`No provider would understand:\n- ${violations.join("\n- ")}`);
    },
  };
}

const HEADERS: Readonly<Record<Manner, string>> = {
  list: "authorization",
  anthropic: "x-api-key",
  google: "x-goog-api-key",
};

function complaintAbout(manner: Manner, { method, url = "", headers }: IncomingMessage): string | null {
  if (method !== "GET") return `${method} instead of GET`;
  if (!(manner === "list" ? /^\/v1\/models$/ : /^\/v1\/models\/[\w%.-]+$/).test(url)) return `asks for ${url}`;
  if (manner === "anthropic" && headers["anthropic-version"] !== "2023-06-01") return "anthropic-version is missing";
  const others = Object.values(HEADERS).filter((name) => name !== HEADERS[manner]);
  return others.some((name) => headers[name] !== undefined) ? "the key is in a header of somebody else's" : null;
}

function keyIn(manner: Manner, { headers }: IncomingMessage): string | null {
  const value = headers[HEADERS[manner]];
  if (typeof value !== "string") return null;
  return manner === "list" ? value.replace(/^Bearer /, "") : value;
}

function answerTo(manner: Manner, path: string, given: string | null, key: string): readonly [number, unknown] {
  const models = ["one", "two"];
  const id = path.slice("/v1/models/".length);
  switch (manner) {
    case "list":
      if (given !== key) return [401, { error: { message: "Incorrect API key provided", code: "invalid_api_key" } }];
      return [200, { object: "list", data: models.map((model) => ({ id: model, object: "model" })) }];
    case "anthropic":
      if (given !== key) return [401, { type: "error", error: { type: "authentication_error", message: "no" } }];
      if (models.includes(id)) return [200, { type: "model", id, display_name: id }];
      return [404, { type: "error", error: { type: "not_found_error", message: `model: ${id}` } }];
    case "google":
      if (given === null) return [403, { error: { code: 403, status: "PERMISSION_DENIED", message: "no" } }];
      if (given !== key) return [400, { error: { code: 400, details: [{ reason: "API_KEY_INVALID" }] } }];
      if (models.includes(id)) return [200, { name: `models/${id}` }];
      return [404, { error: { code: 404, status: "NOT_FOUND", message: "no" } }];
  }
}

function send(response: ServerResponse, status: number, body: string, headers: Odd["headers"] = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}
