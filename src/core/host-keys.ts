import type { Host } from "./host.ts";

/** The SSH host keys by which a host is known: during a rotation there are two, either of which it may have. */
export type HostKeys = Pick<Host, "hostKeyFingerprint" | "nextHostKeyFingerprint">;

/** The fingerprints of which one has to be the host's. */
export function acceptedKeys({ hostKeyFingerprint, nextHostKeyFingerprint }: HostKeys): string[] {
  return nextHostKeyFingerprint === null ? [hostKeyFingerprint] : [hostKeyFingerprint, nextHostKeyFingerprint];
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648's base32 in lower case, without padding: the shortest that every cloud takes as a label. */
export function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((value >>> (bits - 5)) & 31);
  }
  return bits === 0 ? text : text + ALPHABET.charAt((value << (5 - bits)) & 31);
}

/**
 * Keys as older Creels kept them: base64url, two with a dot between during a rotation. What is written as today stays as it is.
 */
export function readHostKeys(hostKeyFingerprint: string, nextHostKeyFingerprint: string | null): HostKeys {
  const [current = "", next = null] = hostKeyFingerprint.split(".").map(modern);
  return { hostKeyFingerprint: current, nextHostKeyFingerprint: nextHostKeyFingerprint ?? next };
}

function modern(fingerprint: string): string {
  if (!/^[\w-]{43}$/.test(fingerprint)) return fingerprint;
  const bytes = atob(fingerprint.replaceAll("-", "+").replaceAll("_", "/"));
  return toBase32(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
