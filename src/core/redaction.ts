import { hideCredentials } from "./credential-shapes.ts";
import { OpsError } from "./errors.ts";

const HIDDEN = "[redacted]";
/** A cut line is longer before it is redacted than after: a credential across the later cut is whole when it is looked for. */
const BEFORE = 4;

export type Redact = (text: string) => string;

/** Hides credentials in text: the ones it was told of, exactly, and anything shaped like one. */
export interface Redactor {
  /** From now on hides `value` itself and its JSON, URL and base64 spellings. Values under 6 characters are ignored: they would hide ordinary words. */
  learn(value: string): void;
  /** Takes time in proportion to the text, whoever wrote it. */
  redact(text: string): string;
}

export function createRedactor(): Redactor {
  /** Longest first: a value that contains another one must not leave its remainder behind. */
  let known: readonly string[] = [];
  return {
    learn(value) {
      if (value.length < 6) return;
      const spellings = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), btoaUtf8(value)];
      known = [...new Set([...known, ...spellings])].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let result = text;
      for (const value of known) result = result.replaceAll(value, HIDDEN);
      return hideCredentials(result, HIDDEN);
    },
  };
}

/** Lines from outside as they may be stored or shown: redacted, each of at most `limit` UTF-16 units, ending in `…` where it was cut. */
export function redactLines(lines: readonly string[], redact: Redact, limit: number): string[] {
  if (lines.length === 0) return [];
  // Cut first, so that no line can be made long enough to take long; and joined, because a private key spreads over several lines.
  return redact(lines.map((line) => line.slice(0, BEFORE * limit)).join("\n"))
    .split("\n")
    .map((line) => (line.length > limit ? `${line.slice(0, limit - 1)}…` : line));
}

const MAX_EVIDENCE_LINE = 500;

/** The same error, for people: every text of it redacted. Its cause stays as it was, for logs that redact by themselves. */
export function redactError(error: OpsError, redact: Redact): OpsError {
  const { code, userMessage, hint, retry, retryAfterMs, evidence, cause } = error;
  return new OpsError({
    ...{ code, retry, retryAfterMs, cause },
    userMessage: redact(userMessage),
    hint: hint === null ? null : redact(hint),
    evidence: redactLines(evidence, redact, MAX_EVIDENCE_LINE),
  });
}

function btoaUtf8(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
