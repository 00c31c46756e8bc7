import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isErrno } from "../../../src/core/errno.ts";
import { OpsError } from "../../../src/core/errors.ts";
import type { HostName } from "../../../src/core/names.ts";

/** Who a host is to this machine, whatever the path of its folder is at the moment. */
export interface HostIdentity {
  readonly name: HostName;
  /** The id of the installation that made it; null for hosts of a Creel that named them after the path of their folder. */
  readonly installation: string | null;
  /** Where its files are now, if they are anywhere. */
  readonly folder: string;
}

export type Whereabouts =
  | { readonly running: false }
  /** `elsewhere`: the folder it runs from when that is another one, such as the original of a copied state folder. */
  | { readonly running: true; readonly elsewhere: string | null };

export const NOT_RUNNING: Whereabouts = { running: false };

/** What the host is called in the kernel's own spaces: 12 hexadecimal digits. Two installations never mean the same one. */
export function kernelId(installation: string, name: string): string {
  return shortHash(`${installation}/${name}`);
}

/** The same for hosts of a Creel that named them after their folder. */
export function kernelIdOfPath(folder: string): string {
  return shortHash(folder);
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Whether two paths, of which each may lead through `/proc` to something that was moved or deleted, are one file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([statOrNull(one), statOrNull(other)]);
  return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino;
}

/** null when there is nothing of that name, or it belongs to a process that has just ended. */
async function statOrNull(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH"].some((code) => isErrno(error, code))) return null;
    throw error;
  }
}

/** For lists, which leave out what `runsElsewhere` is about. @throws `error` when it is another one. */
export function exceptElsewhere(error: unknown): null {
  if (error instanceof OpsError && error.code === "wrong-state") return null;
  throw error;
}

/** `folder` is what the host runs from. */
export function runsElsewhere(name: HostName, folder: string): OpsError {
  const stateDir = dirname(dirname(folder));
  return new OpsError({
    code: "wrong-state",
    userMessage: `The host ${name} runs from ${folder}, and this state folder holds a copy of it.`,
    hint: `Use Creel on that one (CREEL_STATE_DIR=${stateDir}), or switch the host off there before you go on with this copy.`,
  });
}
