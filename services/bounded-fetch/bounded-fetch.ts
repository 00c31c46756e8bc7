import { stopped } from "../../src/core/errors.ts";

export type Answer =
  | {
      readonly answered: true;
      readonly status: number;
      /** undefined when it was no JSON. */
      readonly json: unknown;
      /** null when it did not say how long to wait. */
      readonly retryAfterMs: number | null;
    }
  /** `why` is half a sentence, such as "it does not answer". */
  | { readonly answered: false; readonly why: string };

export interface BoundedGet {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Until the whole answer is there; default 10 s. */
  readonly timeLimitMs?: number;
  /** A longer answer counts as none; default 8 MiB. */
  readonly limitBytes?: number;
}

const TIME_LIMIT_MS = 10_000;
const LIMIT_BYTES = 8 * 1024 * 1024;
const LONGEST_WAIT_MS = 60 * 60_000;

/** By `code` of what `fetch` throws as its cause. */
const OBSTACLES: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "it refuses connections"],
  ["ECONNRESET", "it broke the connection off"],
  ["UND_ERR_SOCKET", "it broke the connection off"],
  ["ENOTFOUND", "there is no such name"],
  ["EAI_AGAIN", "its name cannot be looked up right now"],
  ["EHOSTUNREACH", "there is no way to it"],
  ["ENETUNREACH", "there is no way to it"],
]);

/**
 * One GET that carries a credential: within a time limit, with a bounded answer, and never sent on to where a redirect points (its answer is then
 * that 3xx). What `fetch` throws is kept to itself, since an address may hold the credential. @throws OpsError only what `signal` was aborted with.
 */
export async function boundedGet(url: string, options: BoundedGet = {}): Promise<Answer> {
  const { headers = {}, signal, timeLimitMs = TIME_LIMIT_MS, limitBytes = LIMIT_BYTES } = options;
  const timeout = AbortSignal.timeout(timeLimitMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(url, { headers, redirect: "manual", signal: either });
    const text = await readText(response, limitBytes);
    if (text === null) return { answered: false, why: "its answer is far too long" };
    const wait = retryAfterMs(response.headers.get("retry-after"));
    return { answered: true, status: response.status, json: parsed(text), retryAfterMs: wait };
  } catch (error) {
    if (signal?.aborted) throw stopped(signal);
    if (timeout.aborted) return { answered: false, why: `it did not answer within ${timeLimitMs / 1000} s` };
    return { answered: false, why: OBSTACLES.get(codeOf(error)) ?? "it does not answer" };
  }
}

async function readText(response: Response, limitBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop ends the connection.
    if (bytes > limitBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** ms that a server's `Retry-After` asks to wait, at most an hour; null when it says nothing. Only the form with seconds: dates are by another clock. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null || !/^\d{1,6}$/.test(header)) return null;
  return Math.min(Number(header) * 1000, LONGEST_WAIT_MS);
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
