import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf, isErrno } from "../../src/core/errno.ts";
import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { SecretSource } from "./secrets.ts";

/** Nothing that is a secret is larger: a key, a certificate, a token. */
const MAX_BYTES = 65_536;
const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

/** Secrets that something else puts into files, such as systemd, Docker or Kubernetes: `file:/path`. One newline at the end is not part of it. */
export function fileSecrets(): SecretSource {
  return {
    scheme: "file",
    async resolve(ref) {
      const path = ref.slice("file:".length);
      const text = await readSmall(path).catch((cause: unknown) => {
        throw unavailable(
          isErrno(cause, "ENOENT")
            ? `There is no file ${path}.`
            : `${path} cannot be read (${errnoOf(cause) ?? String(cause)}).`,
          `Change the setting that refers to ${ref}, or let the user who runs Creel read that file.`,
          cause,
        );
      });
      if (text === null)
        throw unavailable(`${path} is no file of a secret: at most 64 KiB in a regular file are read.`);
      const value = text.replace(/\r?\n$/, "");
      if (value === "")
        throw unavailable(
          `${path} is empty.`,
          `Write the secret into it, or change the setting that refers to ${ref}.`,
        );
      return new Secret(value);
    },
  };
}

/** null for what is not a regular file, or too large. Never waits: a pipe that nobody writes to is none. */
async function readSmall(path: string): Promise<string | null> {
  await using file = await open(path, READ_WITHOUT_WAITING);
  const stats = await file.stat();
  // Files of the kernel's say 0 and have more; those of systemd and Kubernetes say what they have.
  if (!stats.isFile() || stats.size > MAX_BYTES) return null;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
  return bytesRead > MAX_BYTES ? null : buffer.toString("utf8", 0, bytesRead);
}

function unavailable(userMessage: string, hint: string | null = null, cause?: unknown): OpsError {
  return new OpsError({ code: "secret-unavailable", userMessage, hint, cause });
}
