import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { listen } from "./listen.ts";
import { createRecent } from "./recent.ts";
import { readUpdate, type Update } from "./update.ts";

export interface WebhookSettings {
  /** What Telegram calls, https. */
  readonly url: string;
  /** Address and port to listen on, such as "127.0.0.1:8443" or "[::1]:8443". */
  readonly listen: string;
  /** What Telegram proves itself with: 1–256 letters, digits, "_" and "-". */
  readonly secret: Secret;
}

const LONGEST_BODY = 1024 * 1024;
const CLOSE_MS = 5_000;

/** @throws OpsError `config-invalid` for a secret that Telegram does not take (core.telegram.org/bots/api#setwebhook). */
export function checkWebhookSecret({ secret }: WebhookSettings): void {
  if (/^[A-Za-z0-9_-]{1,256}$/.test(secret.reveal())) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: "The secret that telegram.webhook.secret names has characters in it that Telegram does not take.",
    hint: "It may be up to 256 letters, digits, _ and -.",
  });
}

/**
 * Takes updates that Telegram delivers. 200 only after `handle` has dealt with one: Telegram delivers everything else again.
 * @throws OpsError `address-in-use`, `config-invalid` when it cannot listen there.
 */
export async function startWebhook(settings: WebhookSettings, handle: (update: Update) => Promise<void>) {
  const path = new URL(settings.url).pathname;
  const working = new Map<number, Promise<void>>();
  const finished = createRecent();
  const expected = digest(settings.secret.reveal());
  const server = createServer((request, response) => {
    respond(request).then(
      (status) => end(response, status),
      () => end(response, 400),
    );
  });

  async function respond(request: IncomingMessage): Promise<number> {
    if (request.url?.split("?")[0] !== path) return 404;
    if (request.method !== "POST") return 405;
    const given = request.headers["x-telegram-bot-api-secret-token"];
    if (typeof given !== "string" || !timingSafeEqual(digest(given), expected)) return 401;
    const body = await readBody(request);
    if (body === null) return 413;
    const update = readUpdate(JSON.parse(body));
    if (update === null) return 400;
    await handleOnce(update);
    return 200;
  }

  /** Telegram asks again when it got no answer within a minute, or when the answer was lost: nothing is begun twice. */
  async function handleOnce(update: Update): Promise<void> {
    if (finished.has(update.id)) return;
    const work = working.get(update.id) ?? handle(update).finally(() => working.delete(update.id));
    working.set(update.id, work);
    await work;
    finished.add(update.id);
  }

  await listen(server, settings.listen);

  return {
    /** Lets what is being answered end, for a moment. */
    async close(): Promise<void> {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const hurry = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(hurry);
    },
  };
}

/** null when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > LONGEST_BODY) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function end(response: ServerResponse, status: number): void {
  // Otherwise a connection that is kept open would have to be closed from here.
  response.writeHead(status, { connection: status === 200 ? "keep-alive" : "close" }).end();
}

/** Values of one length, so that comparing them takes one time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
