import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import ssh2 from "ssh2";
import { OpsError } from "../../src/core/errors.ts";
import { toBase32 } from "../../src/core/host-keys.ts";
import type { HostKeyPair } from "./host-shell.ts";

const TYPE = "ssh-ed25519";

/** A fresh ed25519 host key for a host that does not exist yet. */
export function generateHostKey(): HostKeyPair {
  // Encoded here because ssh2's own generator now and then writes ed25519 keys that neither it nor OpenSSH can read.
  const pair = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const publicPart = Buffer.from(pair.x ?? "", "base64url");
  const seed = Buffer.from(pair.d ?? "", "base64url");
  const publicBlob = Buffer.concat([field(TYPE), field(publicPart)]);
  const privateKey = privateKeyFile(publicBlob, publicPart, seed);
  return { privateKey, publicKey: `${TYPE} ${publicBlob.toString("base64")} creel`, fingerprint: sha256(publicBlob) };
}

/**
 * SHA-256 of a public key in OpenSSH's one-line form or in its wire format, base32 in lower case without padding: 52 characters.
 * @throws OpsError `input-invalid` when it is not a public key.
 */
export function fingerprintOf(publicKey: string | Buffer): string {
  const key = ssh2.utils.parseKey(publicKey);
  if (key instanceof Error) {
    throw new OpsError({ code: "input-invalid", userMessage: "That is not an SSH public key.", cause: key });
  }
  return sha256(key.getPublicSSH());
}

/** OpenSSH's PROTOCOL.key, without encryption. */
function privateKeyFile(publicBlob: Buffer, publicPart: Buffer, seed: Buffer): string {
  const check = randomBytes(4);
  const secret = [
    check,
    check,
    field(TYPE),
    field(publicPart),
    field(Buffer.concat([seed, publicPart])),
    field("creel"),
  ];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  // Padded with 1, 2, 3 … to the block size of "no cipher".
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (length % 8)) % 8));
  const one = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    one,
    field(publicBlob),
    field(Buffer.concat([...secret, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sha256(bytes: Buffer): string {
  return toBase32(createHash("sha256").update(bytes).digest());
}
