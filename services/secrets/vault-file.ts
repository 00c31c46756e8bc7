import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { isErrno, outOfSpace } from "../../src/core/errno.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseJson } from "../../src/core/json.ts";

/** What is in the vault, by name. */
export type VaultContents = Readonly<Record<string, { readonly value: string; readonly setAtMs: number }>>;

export interface VaultPlace {
  /** The encrypted file. */
  readonly file: string;
  /** The age identity that opens it, as `age-keygen` writes it. Made with the first secret, unless it is `given`. */
  readonly keyFile: string;
  /** The key file comes from elsewhere, such as a systemd credential, and is never made. */
  readonly given: boolean;
}

/** It takes a fifth of Creel's memory, and a start that needs nothing of the vault does without it. */
const age = () => import("age-encryption");

const FORMAT = 1;
const schema = z.strictObject({
  format: z.literal(FORMAT),
  secrets: z.record(z.string(), z.strictObject({ value: z.string(), setAtMs: z.number() })),
});
const newer = z.looseObject({ format: z.number().int().gt(FORMAT) });
const KEY = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/m;

/** Empty when there is no vault. @throws OpsError `secret-unavailable`. */
export async function readVault(place: VaultPlace): Promise<VaultContents> {
  const sealed = await readIfThere(place.file);
  if (sealed === null) return {};
  const identity = await readIdentity(place);
  if (identity === null) {
    throw unavailable(
      `The vault cannot be opened: its key, ${place.keyFile}, is not there.`,
      place.given
        ? "Give Creel that credential again."
        : "Bring that file back from a backup; nothing else opens the vault.",
    );
  }
  const decrypter = new (await age()).Decrypter();
  decrypter.addIdentity(identity);
  let text: string;
  try {
    text = await decrypter.decrypt(sealed, "text");
  } catch (cause) {
    throw unavailable(
      `The vault ${place.file} cannot be opened with ${place.keyFile}: the file is damaged, or the key is another vault's.`,
      "Bring both back from the same backup.",
      cause,
    );
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.secrets;
  throw newer.safeParse(parseJson(text)).success
    ? unavailable(`${place.file} was written by a newer Creel.`, "Start that one, or a later one.")
    : unavailable(`What is in ${place.file} is not what Creel writes into it.`, "Bring it back from a backup.");
}

/** All of it or nothing: a crash leaves what was there. Only under the vault's lock. @throws OpsError `secret-unavailable`, `capacity`. */
export async function writeVault(place: VaultPlace, contents: VaultContents): Promise<void> {
  const identity = (await readIdentity(place)) ?? (await makeIdentity(place));
  const { Encrypter, identityToRecipient } = await age();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const sealed = await encrypter.encrypt(JSON.stringify({ format: FORMAT, secrets: contents }));
  await replace(place.file, sealed);
}

async function makeIdentity({ file, keyFile, given }: VaultPlace): Promise<string> {
  if (given) throw unavailable(`${keyFile} is not there.`, "Give Creel that credential again.");
  if ((await readIfThere(file)) !== null) {
    throw unavailable(
      `The vault ${file} is there and its key, ${keyFile}, is not.`,
      "Bring the key back from a backup.",
    );
  }
  const { generateX25519Identity, identityToRecipient } = await age();
  const identity = await generateX25519Identity();
  const comment = "# Opens vault.age beside it. Keep a copy of both elsewhere, and apart.";
  await replace(
    keyFile,
    Buffer.from(`${comment}\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`),
  );
  return identity;
}

/** null when there is none. */
async function readIdentity({ keyFile, given }: VaultPlace): Promise<string | null> {
  const text = await readIfThere(keyFile);
  if (text === null) return null;
  // systemd lets a user read a credential by an access control list, which a file's mode shows as its group's.
  if (((await stat(keyFile)).mode & (given ? 0o007 : 0o077)) !== 0) {
    throw unavailable(`The key of the vault can be read by others: ${keyFile}`, `chmod 600 ${keyFile}`);
  }
  const identity = KEY.exec(text.toString("utf8"))?.[0];
  if (identity === undefined)
    throw unavailable(`There is no age identity in ${keyFile}.`, "Bring it back from a backup.");
  return identity;
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) return null;
    throw unavailable(
      `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      null,
      cause,
    );
  }
}

async function replace(file: string, bytes: Uint8Array): Promise<void> {
  const draft = `${file}.new`;
  try {
    // Left by a process that died while it wrote, and nobody's by now.
    await rm(draft, { force: true });
    {
      await using handle = await open(draft, "wx", 0o600);
      await handle.writeFile(bytes);
      await handle.sync();
    }
    await rename(draft, file);
    await using folder = await open(dirname(file), "r");
    await folder.sync();
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    const full = outOfSpace(file, cause);
    if (full !== null) throw full;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unavailable(`${file} cannot be written: ${why}. What was there is there still.`, "Look at the disk.", cause);
  }
}

function unavailable(userMessage: string, hint: string | null, cause?: unknown): OpsError {
  return new OpsError({ code: "secret-unavailable", userMessage, hint, cause });
}
