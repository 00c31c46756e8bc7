import { type RawFile, REST, type RequestMethod, type RouteLike } from "discord.js";
import type { z } from "zod";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { toOpsError } from "./errors.ts";

const TIMEOUT_MS = 10_000;

interface ApiRequest {
  readonly method: `${RequestMethod}`;
  readonly route: RouteLike;
  readonly body?: unknown;
  readonly files?: readonly RawFile[];
  readonly query?: Readonly<Record<string, string>>;
  /** false where the route itself holds an interaction's token. */
  readonly auth?: boolean;
}

/** Discord's HTTP interface. */
export interface DiscordApi {
  /** @returns the parsed JSON. @throws OpsError, see `toOpsError` */
  request(request: ApiRequest): Promise<unknown>;
  close(): void;
}

/** @throws OpsError `chat-unavailable` when it is not what Discord documents, such as a proxy's page. */
export function readAnswer<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  const userMessage = "Discord answered in a way that cannot be read.";
  throw new OpsError({ code: "chat-unavailable", userMessage, retry: "later", cause: error });
}

/** How every request to Discord is made, by the gateway's client too. */
export function restOptions(api: string) {
  return {
    api: api.replace(/(?<!\/)\/+$/, ""),
    timeout: TIMEOUT_MS,
    // Whoever asked repeats, or not: a repeated POST may write twice, and only the outbox knows what has become of a message meanwhile.
    retries: 0,
    // A request that waits inside the library can be neither coalesced with a later one nor counted, so waiting is the outbox' business.
    rejectOnRateLimit: () => true,
  };
}

/** For a few requests of their own. */
export async function withApi<T>(token: Secret, apiRoot: string, use: (api: DiscordApi) => Promise<T>): Promise<T> {
  const api = createApi(token, apiRoot, () => undefined);
  try {
    return await use(api);
  } finally {
    api.close();
  }
}

/** `onVerdict` hears whether the token was accepted, after each request that carried it. */
export function createApi(token: Secret, api: string, onVerdict: (refused: OpsError | null) => void): DiscordApi {
  const rest = new REST(restOptions(api)).setToken(token.reveal());
  return {
    async request({ method, route, body, files, query, auth = true }) {
      try {
        const answer = await rest.request({
          method: method as RequestMethod,
          fullRoute: route,
          body,
          auth,
          ...(files === undefined || files.length === 0 ? {} : { files: [...files] }),
          ...(query === undefined ? {} : { query: new URLSearchParams(query) }),
        });
        if (auth) onVerdict(null);
        return answer;
      } catch (raw) {
        const error = toOpsError(raw);
        if (error.code === "chat-refused") {
          // discord.js forgets the token after a 401; a refusal may pass.
          rest.setToken(token.reveal());
          onVerdict(error);
        }
        throw error;
      }
    },
    close() {
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };
}
