import { createHash, randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { isErrno } from "../../../src/core/errno.ts";
import { OpsError } from "../../../src/core/errors.ts";

const schema = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/), name: z.string().min(1) });

/** Whose hosts are in a state folder: made with the first need of it, kept in the folder, and the same wherever the folder goes. */
export interface Installation {
  /** 16 hexadecimal digits, drawn by lot. */
  readonly id: string;
  /** For people, and unique among those that share a Redis: the name that the machine had, and four digits. */
  readonly name: string;
}

/** Idempotent, also among several processes at once. @throws OpsError `config-invalid` when it can neither be read nor made. */
export function installationOf(stateDir: string): Installation {
  const file = join(stateDir, "installation.json");
  try {
    return read(file) ?? make(stateDir, file);
  } catch (cause) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${file} says whose hosts these are, and it cannot be ${existsSync(file) ? "read" : "made"}.`,
      hint: `Put it back from a copy, or set CREEL_STATE_DIR to a folder that Creel may write into.`,
      cause,
    });
  }
}

function read(file: string): Installation | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

function make(stateDir: string, file: string): Installation {
  const id = randomBytes(8).toString("hex");
  // A folder that is older than this file: agents are on record under the name it had then.
  const digits = existsSync(join(stateDir, "hosts")) ? digitsOfPath(stateDir) : id.slice(0, 4);
  const machine = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .slice(0, 30);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${id}`;
  writeFileSync(unfinished, `${JSON.stringify({ id, name: `${machine}-${digits}` })}\n`, { mode: 0o600, flush: true });
  try {
    // Unlike a rename it never replaces what another process has just made.
    linkSync(unfinished, file);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  } finally {
    rmSync(unfinished, { force: true });
  }
  return schema.parse(JSON.parse(readFileSync(file, "utf8")));
}

function digitsOfPath(stateDir: string): string {
  return createHash("sha256")
    .update(`${hostname()}:${resolve(stateDir)}`)
    .digest("hex")
    .slice(0, 4);
}
