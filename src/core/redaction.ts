const HIDDEN = "[redacted]";

/**
 * Shapes of credentials that Creel or the gateway handle, hidden wherever they appear in text from outside.
 * Sources: the Telegram Bot API (id:35 characters), Discord's bot token layout, 1Password service accounts (`ops_`),
 * provider prefixes for LLM keys, Tailscale (`tskey-`), PEM private keys, Authorization headers, URL passwords.
 */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b\d{6,12}:[A-Za-z0-9_-]{30,}/g,
  /\b[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}/g,
  /\bops_[A-Za-z0-9+/=_-]{20,}/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp|gho|ghs|ghu|github_pat)_[A-Za-z0-9_]{16,}/g,
  /\btskey-[A-Za-z0-9-]{10,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /(?<=\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=\/\/[^/\s:@]*:)[^/\s:@]+(?=@)/g,
  /(?<=["']?\b[\w-]*(?:token|password|passwd|secret|api[_-]?key)["']?\s*[:=]\s*["']?)[^\s"',;}{[\]]{6,}/gi,
];

/** Hides credentials in text: the ones it was told of, exactly, and anything shaped like one. */
export interface Redactor {
  /** From now on hides `value` itself and its JSON, URL and base64 spellings. Values under 6 characters are ignored: they would hide ordinary words. */
  learn(value: string): void;
  redact(text: string): string;
}

export function createRedactor(): Redactor {
  const known = new Set<string>();
  return {
    learn(value) {
      if (value.length < 6) return;
      for (const spelling of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), btoaUtf8(value)]) {
        known.add(spelling);
      }
    },
    redact(text) {
      let result = text;
      // Longest first: a value that contains another one must not leave its remainder behind.
      for (const value of [...known].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, HIDDEN);
      for (const shape of SHAPES) result = result.replace(shape, HIDDEN);
      return result;
    },
  };
}

function btoaUtf8(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
