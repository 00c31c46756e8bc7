import { hideArguments } from "./credential-arguments.ts";

/**
 * What credentials look like, for text that others write: an agent controls its log, so no pattern here may take more than linear
 * time (`test/patterns.test.ts`). Sources are the issuers' own documentation of their formats.
 */

/** Hidden from their first character to their last. */
const WHOLE: readonly RegExp[] = [
  // PEM (RFC 7468), also one whose end was cut off.
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  // Telegram's bots: id, colon, 35 characters. In addresses of the Bot API letters stand right before it.
  /(?<!\d)\d{6,12}:[\w-]{30,}/g,
  // Discord's bots and users: base64url of an id, of a time, and a signature.
  /(?<![\w-])[MNO][\w-]{20,40}\.[\w-]{5,8}\.[\w-]{20,}/g,
  // JSON web tokens (RFC 7519).
  /(?<![\w-])eyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}(?:\.[\w-]{0,2048})?/g,
  // Model providers (OpenAI, Anthropic, OpenRouter, DeepSeek; Groq, xAI, Hugging Face, Perplexity, Replicate, NVIDIA, Fireworks, Together, Cerebras).
  /(?<![A-Za-z0-9])(?:[srp]k-|gsk_|xai-|hf_|api_org_|pplx-|r8_|nvapi-|fw_|tgp_v1_|csk-)[\w-]{16,}/g,
  // Google: API keys, OAuth tokens and client secrets.
  /(?<![A-Za-z0-9])(?:AIza|ya29\.|GOCSPX-|1\/\/0)[\w-]{16,}/g,
  // AWS and what speaks its protocol: ids of keys.
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  // Code hosts and registries: GitHub, GitLab, npm, PyPI, Docker, Atlassian.
  /(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|gl[a-z]{2,6}-|npm_|pypi-|dckr_(?:pat|oat)_|ATATT3|ATCTT3)[\w=-]{16,}/g,
  // Chats, payments, mail, clouds and services.
  /(?<![A-Za-z0-9])(?:xox[a-z]-|xapp-|[srp]k_(?:live|test)_|whsec_|SG\.|do[opr]_v1_|tskey-|hvs\.|hvb\.|lin_api_|ntn_|sntry[su]_|shp(?:at|ca|pa|ss)_|figd_|PMAK-|glsa_|sbp_|rnd_|EAAC|ops_)[\w.+/=-]{10,}/g,
  /AGE-SECRET-KEY-1[A-Z0-9]{10,}/gi,
  // Incoming webhooks: who has the address may write. Discord, Slack, Microsoft.
  /https:\/\/(?:\w{1,20}\.)?discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{15,20}\/[\w-]{20,}/gi,
  /https:\/\/hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[\w/-]{20,}/gi,
  /https:\/\/[\w-]{1,63}\.webhook\.office\.com\/[\w@/-]{20,}/gi,
];

/** Hidden after their first group, which says what they are and stays. */
const AFTER: readonly RegExp[] = [
  /((?:bearer|basic)[ \t]{1,8})[\w.~+/=-]{8,}/gi,
  // RFC 9110 names no schemes; whatever stands in these headers lets somebody in.
  /((?:authorization|cookie)\\?["']?[ \t]{0,8}[:=][ \t]{0,8}\\?["']?)[^\r\n"'\\]{6,4096}/gi,
  // RFC 3986: user information of an address.
  /(:\/\/[^/\s:@]{0,128}:)[^\s/@]{1,512}(?=@)/g,
  // What programs call their secrets, in JSON, YAML, variables, addresses and sentences.
  /((?:token|passw(?:or)?d|passphrase|passwd|secret|[_-]pass|[_-]pwd|sshpass|rediscli_auth|credentials?|signature|(?:api|access|private|account|client|auth)[_-]?key)\\?["']?[ \t]{0,8}[:=][ \t]{0,8}\\?)(?:"[^"\n]{6,512}|'[^'\n]{6,512}|[^\s"',;}{[\]\\]{6,})/gi,
];

/** Of what is in none of the lists: letters of both cases and digits, so mixed that nobody wrote them. Digests and public keys say what they are. */
const RUN = /(?<![A-Za-z0-9+/_=-])(?!sha\d{3}-)[A-Za-z0-9+/_-]{24,}/g;
const PUBLIC = /(?:SHA256:|sha\d{3}:|ssh-(?:ed25519|rsa) |ecdsa-[\w-]{1,30} )$/;
const PUBLIC_LENGTH = 45;
/** Of random letters and digits six in ten are of another class than the one before; in names written together, fewer than two. */
const MIXED = 0.35;

/** `text` with everything that looks like a credential replaced by `hidden`. Linear in the length of `text`. */
export function hideCredentials(text: string, hidden: string): string {
  let result = text;
  for (const shape of WHOLE) result = result.replace(shape, hidden);
  for (const shape of AFTER) result = result.replace(shape, `$1${hidden}`);
  return hideArguments(result, hidden).replace(RUN, (run, at: number, all: string) =>
    looksRandom(run) && !PUBLIC.test(all.slice(Math.max(0, at - PUBLIC_LENGTH), at)) ? hidden : run,
  );
}

export function looksLikeCredential(text: string): boolean {
  return hideCredentials(text, "") !== text;
}

function looksRandom(run: string): boolean {
  const stretches = run.replace(/[+/_-]/g, "").match(/[a-z]+|[A-Z]+|\d+/g) ?? [];
  const hasTwoOf = (kind: RegExp) => (run.match(kind) ?? []).length >= 2;
  return [/[a-z]/g, /[A-Z]/g, /\d/g].every(hasTwoOf) && (stretches.length - 1) / run.length >= MIXED;
}
