import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Finding } from "../../../src/core/finding.ts";
import { isSameFile } from "./identity.ts";
import type { UnusableEntry } from "./record.ts";

/** A host that runs on this machine, as the machine knows it: no record is asked. */
export interface RunningHost {
  /** null when nothing that is left of it tells. */
  readonly name: string | null;
  /** The path of the folder it runs from, or had before it was deleted; null when nothing that is left of it tells. */
  readonly folder: string | null;
  readonly isDeleted: boolean;
  /** Whether it is one of that installation, as far as what it is called tells. */
  isOf(installation: string): boolean;
  /** The command that ends it. */
  readonly end: string;
}

interface Known {
  readonly hostsDir: string;
  /** null before the first host. */
  readonly installation: string | null;
  /** Names of hosts whose records can be used. */
  readonly known: ReadonlySet<string>;
  readonly unusable: readonly UnusableEntry[];
}

/** Those that run from folders in this one, by whatever path. */
export async function runningIn(hostsDir: string, running: readonly RunningHost[]): Promise<RunningHost[]> {
  const found = await Promise.all(running.map(async (host) => ((await isFolderIn(host, hostsDir)) ? host : null)));
  return found.filter((host) => host !== null);
}

async function isFolderIn({ folder, isDeleted }: RunningHost, hostsDir: string): Promise<boolean> {
  return folder !== null && !isDeleted && (await isSameFile(dirname(folder), hostsDir));
}

/** The hosts of this state folder, and of folders that were deleted, that run and have no record at all. */
export async function unknownHosts(running: readonly RunningHost[], parts: Known): Promise<Finding[]> {
  const hostsDir = await realpath(parts.hostsDir).catch(() => parts.hostsDir);
  const found = await Promise.all(running.map((host) => lookAt(host, { ...parts, hostsDir })));
  return found.filter((finding) => finding !== null);
}

async function lookAt(host: RunningHost, { hostsDir, installation, known, unusable }: Known): Promise<Finding | null> {
  const { name, folder, isDeleted } = host;
  const isHere = await isFolderIn(host, hostsDir);
  // One that runs from another folder is of another Creel, or of the original of this one.
  if (folder !== null && !isDeleted && !isHere) return null;
  const wasHere = folder !== null && dirname(folder) === hostsDir;
  const isOurs = isHere || wasHere || (installation !== null && host.isOf(installation));
  if (isOurs && name !== null && known.has(name)) return null;
  if (isHere && unusable.some((entry) => isIn(host, entry))) return null;
  const from = folder === null ? "" : isDeleted ? `, though its folder ${folder} was deleted` : ` from ${folder}`;
  return {
    subject: "local hosts",
    verdict: isOurs ? "problem" : "warning",
    seen: `${name === null ? "A host" : `The host ${name}`} runs${from}. Creel has no record of it, so no list shows it.`,
    fix: `If an agent in /status has lost it, /destroy that agent. Else end it: ${host.end}`,
  };
}

/** Whether that entry of its own folder of hosts is the record of this host. */
export function isIn({ folder }: RunningHost, { path }: UnusableEntry): boolean {
  return folder !== null && basename(folder) === basename(dirname(path)) && path === join(dirname(path), "host.json");
}
