import { basename } from "node:path";
import { looksLikeCredential } from "../../src/core/credential-shapes.ts";
import type { WorkspaceFile } from "./workspace.ts";

/** What programs keep secrets in. */
const NAMES =
  /^(?:\.env|\.netrc|\.npmrc|\.pgpass|id_(?:rsa|ecdsa|ed25519)|credentials(?:\.json)?)$|\.(?:pem|key|p12|pfx|kdbx)$/i;
/** Longer texts are data, and looking through them takes its time. */
const LONGEST_TEXT = 65_536;
const SHOWN = 3;

/** A sentence about files that seem to hold secrets; none when none do. */
export function secretsAmong(files: readonly WorkspaceFile[]): string[] {
  const found = files
    .filter(({ path, content }) => NAMES.test(basename(path)) || holdsCredential(content))
    .map(({ path }) => path);
  if (found.length === 0) return [];
  const shown =
    found.length > SHOWN ? `${found.slice(0, SHOWN).join(", ")} and ${found.length - SHOWN} more` : found.join(", ");
  return [`${shown} may hold a secret: the agent can read it, and may tell it to others.`];
}

function holdsCredential(content: Uint8Array): boolean {
  if (content.length > LONGEST_TEXT || content.includes(0)) return false;
  return looksLikeCredential(new TextDecoder().decode(content));
}
