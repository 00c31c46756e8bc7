import type { Client, createClient as createSdkClient } from "@1password/sdk";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { parseJson } from "../../../src/core/json.ts";
import { Secret, type SecretRef } from "../../../src/core/secrets.ts";
import type { OnePasswordClient } from "./client.ts";
import {
  askedToWait,
  noAnswer,
  notAToken,
  nothingSaidOf,
  refusedReference,
  serverTrouble,
  tokenRefused,
} from "./failures.ts";
import { onePasswordTraffic, type Traffic } from "./traffic.ts";

export interface SdkClientOptions {
  /** Of a service account; asked for before every request, so that a new one counts at once. May throw OpsError. */
  readonly token: () => Promise<Secret>;
  /** Default: the SDK's own, which brings 40 MB of memory with it at the first use. */
  readonly createClient?: (configuration: ClientConfiguration) => Promise<Pick<Client, "secrets">>;
  /** The SDK itself waits for ever; default 20 000. */
  readonly answerTimeoutMs?: number;
}

type ClientConfiguration = Parameters<typeof createSdkClient>[0];

/** The SDK answers with what a server said, and checks it against nothing. */
const responses = z.record(
  z.string(),
  z.object({
    content: z.object({ secret: z.string() }).nullish(),
    error: z.object({ type: z.string() }).nullish(),
  }),
);

/** 1Password shows it to who looks at the account's activity. */
const INTEGRATION = { integrationName: "Creel", integrationVersion: "1.0.0" };

const content = z.record(z.string(), z.unknown());

/** Through 1Password's own SDK. One request at a time. */
export function sdkClient({
  token,
  createClient = withSdk,
  answerTimeoutMs = 20_000,
}: SdkClientOptions): OnePasswordClient {
  let loggedIn: { readonly token: string; readonly client: Pick<Client, "secrets"> } | null = null;

  async function logIn(auth: string): Promise<Pick<Client, "secrets">> {
    if (loggedIn?.token === auth) return loggedIn.client;
    loggedIn = null;
    const client = await createClient({ auth, ...INTEGRATION });
    loggedIn = { token: auth, client };
    return client;
  }

  return {
    async readAll(refs) {
      const auth = (await token()).reveal();
      if (!isToken(auth)) throw notAToken();
      const traffic = onePasswordTraffic();
      const requestsBefore = traffic.requests;
      const reading = logIn(auth).then((client) => client.secrets.resolveAll([...refs]));
      try {
        const { individualResponses } = await within(answerTimeoutMs, reading);
        const read = responses.parse(individualResponses);
        return new Map(refs.map((ref) => [ref, outcomeOf(ref, read[ref])]));
      } catch (cause) {
        const isLoggedIn = loggedIn !== null;
        // A session that fails once may have ended; the next request begins another.
        loggedIn = null;
        throw explain(cause, { traffic, wasAsked: traffic.requests > requestsBefore, isLoggedIn });
      }
    },
  };
}

/** `ops_` and an object in base64url, which the SDK would say in words. */
function isToken(text: string): boolean {
  if (!text.startsWith("ops_")) return false;
  return content.safeParse(parseJson(Buffer.from(text.slice("ops_".length), "base64url").toString())).success;
}

async function withSdk(configuration: ClientConfiguration): Promise<Client> {
  const { createClient } = await import("@1password/sdk");
  return await createClient(configuration);
}

function outcomeOf(ref: SecretRef, response: z.output<typeof responses>[string] | undefined): Secret | OpsError {
  if (response?.content) return new Secret(response.content.secret);
  return response?.error ? refusedReference(ref, response.error.type) : nothingSaidOf(ref);
}

interface Circumstances {
  readonly traffic: Traffic;
  /** Whether a server was asked at all. */
  readonly wasAsked: boolean;
  readonly isLoggedIn: boolean;
}

/** By what the server said, as the SDK's own errors are words. They may hold parts of the token: none is passed on but as a cause's name. */
function explain(error: unknown, { traffic: { answer }, wasAsked, isLoggedIn }: Circumstances): OpsError {
  if (error instanceof OpsError) return error;
  const cause = new Error(error instanceof Error ? error.name : "not an Error");
  if (isNamed(error, "RateLimitExceededError")) return askedToWait(answer?.retryAfterMs ?? null, cause);
  if (!wasAsked) return noAnswer("its SDK failed", cause);
  if (answer === null) return noAnswer("its server cannot be reached", cause);
  const { status, retryAfterMs } = answer;
  if (status === 429) return askedToWait(retryAfterMs, cause);
  if (status === 401 || status === 403) return tokenRefused(status, cause);
  if (status >= 500) return serverTrouble(status, retryAfterMs, cause);
  return isLoggedIn ? noAnswer(`its SDK failed after HTTP ${status}`, cause) : tokenRefused(status, cause);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.constructor.name === name;
}

async function within<Value>(limitMs: number, work: Promise<Value>): Promise<Value> {
  const timeUp = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeUp.reject(noAnswer(`no answer within ${limitMs / 1000} s`, null)), limitMs);
  try {
    return await Promise.race([work, timeUp.promise]);
  } finally {
    clearTimeout(timer);
  }
}
