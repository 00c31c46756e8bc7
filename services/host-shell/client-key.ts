import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import ssh2 from "ssh2";
import { isErrno, outOfSpace } from "../../src/core/errno.ts";
import { OpsError } from "../../src/core/errors.ts";
import { generateHostKey } from "./host-key.ts";

export interface ClientKey {
  readonly privateKey: string;
  /** One line, OpenSSH form. */
  readonly publicKey: string;
}

/** Reads the key Creel logs in with, or makes it: one file of mode 0600, the same for all processes that start at once. */
export async function loadOrCreateClientKey(keyFile: string): Promise<ClientKey> {
  const privateKey = (await readIfThere(keyFile)) ?? (await create(keyFile));
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${keyFile} does not hold an SSH key that Creel can use.`,
      hint: "Put the key back from a backup: hosts accept no other one.",
      cause: parsed,
    });
  }
  return { privateKey, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString("base64")} creel` };
}

async function create(keyFile: string): Promise<string> {
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  const temporary = `${keyFile}.${randomBytes(6).toString("hex")}`;
  const { privateKey } = generateHostKey();
  try {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(privateKey);
    await file.sync();
    // Unlike a rename, a link fails when another process was first; and nobody ever sees half a key.
    await link(temporary, keyFile);
    return privateKey;
  } catch (error) {
    const winner = isErrno(error, "EEXIST") ? await readIfThere(keyFile) : null;
    if (winner !== null) return winner;
    const full = outOfSpace(keyFile, error);
    if (full !== null) throw full;
    throw new OpsError({
      code: "config-invalid",
      userMessage: `The SSH key of Creel cannot be written to ${keyFile}.`,
      hint: "Check that the state folder is writable.",
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readIfThere(keyFile: string): Promise<string | null> {
  try {
    return await readFile(keyFile, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw new OpsError({ code: "config-invalid", userMessage: `${keyFile} cannot be read.`, cause: error });
  }
}
