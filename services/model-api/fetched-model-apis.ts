import { z } from "zod";
import type { ModelProvider } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { quoteForMessage } from "../../src/core/names.ts";
import { nearest } from "../../src/core/nearest.ts";
import type { Secret } from "../../src/core/secrets.ts";
import { type Answer, boundedGet } from "../bounded-fetch/bounded-fetch.ts";
import { KNOWN_PROVIDERS, type Manner, type ProviderEntry } from "./known.ts";
import type { ModelApis, ModelQuestion } from "./model-api.ts";

export interface FetchedModelApisOptions {
  /** For each request; default 10 s. */
  readonly timeLimitMs?: number;
  /** Default: those that OpenClaw has names for. */
  readonly known?: ReadonlyMap<string, ProviderEntry>;
  /** Names of addresses that mean another machine to an agent; default: this machine's own. */
  readonly isOwn?: (hostname: string) => boolean;
}

interface Asking {
  readonly title: string;
  /** Without a slash at its end. */
  readonly address: string;
  readonly manner: Manner;
  readonly keyCheck: string | null | undefined;
  /** Its address comes from the settings, so an agent may reach it where Creel does not. */
  readonly isOwnAddress: boolean;
}

const modelList = z.union([
  z.object({ data: z.array(z.object({ id: z.string() })) }).transform(({ data }) => data),
  z.array(z.object({ id: z.string() })),
]);
/** Of Google's errors. */
const googleError = z.object({
  error: z.object({ details: z.array(z.object({ reason: z.string().optional() })).default([]) }),
});
const SHOWN = 3;

/** The real ones. */
export function createModelApis(options: FetchedModelApisOptions = {}): ModelApis {
  const { timeLimitMs, known = KNOWN_PROVIDERS, isOwn = isLoopback } = options;

  function get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined) {
    return boundedGet(url, { headers, signal, ...(timeLimitMs === undefined ? {} : { timeLimitMs }) });
  }

  async function ask(asking: Asking, { provider, model }: ModelQuestion, key: Secret | null, signal?: AbortSignal) {
    const { address, manner, keyCheck, title } = asking;
    const headers = headersFor(manner, key);
    const look = async (url: string) => {
      const answer = await get(url, headers, signal);
      return judge(asking, model, answer, key) === "good" && answer.answered ? answer.json : undefined;
    };
    if (keyCheck && (await look(keyCheck)) === undefined) return "unasked";
    if (manner !== "list") {
      const found = await look(`${address}/models/${encodeURIComponent(model)}`);
      return found === undefined ? "unasked" : "good";
    }
    const { data: models } = modelList.safeParse(await look(`${address}/models`));
    if (models === undefined) return "unasked";
    const ids = models.map(({ id }) => id);
    if (!hasModel(ids, provider, model)) throw unknownModel(title, model, ids);
    return keyCheck === null ? "unasked" : "good";
  }

  return {
    known(provider) {
      const entry = known.get(provider);
      if (entry === undefined) return null;
      const { title, keysAt, hasLogin, setup } = entry;
      return { title, keysAt, hasLogin, setup };
    },
    nearest: (provider) => nearest(provider, [...known.keys()]),
    async check(question, key, signal) {
      const { provider, settings } = question;
      const asking = howToAsk(known.get(provider), provider, settings);
      // From an agent's host this address leads to the host itself.
      if (asking === null || (asking.isOwnAddress && isOwn(new URL(asking.address).hostname))) return "unasked";
      return await ask(asking, question, key, signal);
    },
  };
}

/** null: nobody knows where it is, or it speaks something else. */
function howToAsk(known: ProviderEntry | undefined, name: string, { baseUrl, api }: ModelProvider): Asking | null {
  if (baseUrl === null || baseUrl === known?.address) {
    if (known === undefined || known.address === null) return null;
    const { title, address, manner, keyCheck } = known;
    return { title, address, manner, keyCheck, isOwnAddress: false };
  }
  const manner = api === "anthropic-messages" ? "anthropic" : api === null ? (known?.manner ?? "list") : "list";
  const base = baseUrl.replace(/\/$/, "");
  // OpenClaw adds the version for this protocol only.
  const address = manner !== "anthropic" || base.endsWith("/v1") ? base : `${base}/v1`;
  return { title: known?.title ?? name, address, manner, keyCheck: undefined, isOwnAddress: true };
}

function headersFor(manner: Manner, key: Secret | null): Record<string, string> {
  const accept = { accept: "application/json" };
  const version = manner === "anthropic" ? { "anthropic-version": "2023-06-01" } : {};
  if (key === null) return { ...accept, ...version };
  switch (manner) {
    case "anthropic":
      return { ...accept, ...version, "x-api-key": key.reveal() };
    case "google":
      return { ...accept, "x-goog-api-key": key.reveal() };
    case "list":
      return { ...accept, authorization: `Bearer ${key.reveal()}` };
  }
}

/** @throws OpsError as `ModelApis.check`. */
function judge(asking: Asking, model: string, answer: Answer, key: Secret | null): "good" | "unasked" {
  const { title, isOwnAddress, manner } = asking;
  if (!answer.answered) {
    if (isOwnAddress) return "unasked";
    throw unavailable(`${title} cannot be asked: ${answer.why}.`, null);
  }
  const { status, retryAfterMs } = answer;
  if (status === 200) return "good";
  // xAI and Google answer 400 to a key that is none; nothing else here could be wrong with the request.
  if (status === 401 || (status === 400 && !isOwnAddress && isAboutTheKey(manner, answer.json)))
    throw keyRefused(title, key);
  if (status === 403 && manner === "google") throw keyRefused(title, key);
  if (status === 404 && manner !== "list" && !isOwnAddress) throw unknownModel(title, model, null);
  if (status === 429)
    throw unavailable(`${title} asks to wait: too many requests, or nothing left to spend (429).`, retryAfterMs);
  if (status >= 500 && !isOwnAddress)
    throw unavailable(`${title} has a problem of its own (HTTP ${status}).`, retryAfterMs);
  // A key may be good and yet not be allowed to list models (403).
  return "unasked";
}

function isAboutTheKey(manner: Manner, body: unknown): boolean {
  if (manner === "list") return true;
  const { data } = googleError.safeParse(body);
  return data?.error.details.some(({ reason }) => reason === "API_KEY_INVALID") ?? false;
}

/** OpenRouter's models take variants behind a colon, and some providers put their own name before a model's. */
function hasModel(ids: readonly string[], provider: string, model: string): boolean {
  const [plain = model] = model.split(":");
  return [model, plain, `${provider}/${model}`].some((id) => ids.includes(id));
}

function keyRefused(title: string, key: Secret | null): OpsError {
  return new OpsError({
    code: "key-refused",
    userMessage: key === null ? `${title} wants a key.` : `${title} does not take this key.`,
    hint: key === null ? null : "Make a new one there, or look whether it was copied as a whole.",
  });
}

/** `ids` null: it does not say which it has. */
function unknownModel(title: string, model: string, ids: readonly string[] | null): OpsError {
  const meant = ids === null ? null : nearest(model, ids);
  const some = ids?.slice(0, SHOWN).map(quoteForMessage) ?? [];
  const more = (ids?.length ?? 0) - some.length;
  return new OpsError({
    code: "not-found",
    userMessage: `${title} has no model ${quoteForMessage(model)}${ids === null ? " for this key" : ""}.`,
    hint:
      meant !== null
        ? `Did you mean ${quoteForMessage(meant)}?`
        : some.length > 0
          ? `It has ${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`
          : `Its own pages list its models.`,
  });
}

function unavailable(userMessage: string, retryAfterMs: number | null): OpsError {
  return new OpsError({
    ...{ code: "model-unavailable", userMessage, retry: "later", retryAfterMs },
    hint: "Try again later, or choose a model of another provider.",
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
