import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { type HostName, parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";
import { isErrno } from "./child.ts";

const place = z.discriminatedUnion("driver", [
  /** `index` counts the /30 networks inside the provider's subnet. */
  z.object({ driver: z.literal("nspawn"), index: z.int().nonnegative(), address: z.ipv4() }),
  /** SSH at `sshPort` of the machine's loopback; the port after it leads to the gateway's port, to see whether it is exposed. */
  z.object({ driver: z.literal("qemu"), sshPort: z.int().positive() }),
]);

const recordSchema = z.object({
  managedBy: z.literal("creel"),
  name: z.string().transform(parseHostName),
  agent: z.string().transform(parseAgentName),
  operation: z.string().transform(parseOperationId),
  createdAtMs: z.number(),
  region: z.string(),
  size: z.string(),
  cpus: z.number(),
  memoryMb: z.number(),
  diskGb: z.number(),
  hostKeyFingerprint: z.string(),
  /** Directory of the snapshot it was made from. */
  snapshot: z.string(),
  place,
  /** Until it is on the host's disk. */
  userData: z.string().nullable(),
});

/** What this machine knows of one host: `host.json` in its folder, written before anything else of the host exists and removed last. */
export type HostRecord = z.output<typeof recordSchema>;
export type Place = HostRecord["place"];

export interface UnusableEntry {
  /** The record that cannot be read; for something that is no host's folder, its own path. */
  readonly path: string;
  readonly why: "unreadable" | "not-a-host";
}

export interface HostRecords {
  /** The folder of a host, whether it exists or not. */
  folder(name: HostName): string;
  read(name: HostName): Promise<HostRecord | null>;
  /** Sorted by name, without those that cannot be read: one broken host must not stop the work on all others. */
  all(): Promise<HostRecord[]>;
  /** What lies among the hosts and is left out of `all()`. */
  unusable(): Promise<UnusableEntry[]>;
  /** Replaces the record as a whole or not at all. @throws OpsError `capacity` when the disk is full. */
  write(record: HostRecord): Promise<void>;
  /** Removes the folder, the record in it last, so that a cut-off removal is found again. */
  remove(name: HostName): Promise<void>;
}

export function createHostRecords(hostsDir: string): HostRecords {
  const folder = (name: HostName) => join(hostsDir, name);
  const file = (name: HostName) => join(folder(name), "host.json");

  async function read(name: HostName): Promise<HostRecord | null> {
    try {
      return recordSchema.parse(JSON.parse(await readFile(file(name), "utf8")));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return null;
      throw new OpsError({
        code: "provider-failed",
        userMessage: `The record of the host ${name} cannot be read.`,
        hint: `Look at ${file(name)}.`,
        cause: error,
      });
    }
  }

  async function look(entry: string): Promise<HostRecord | UnusableEntry | null> {
    const name = hostNameOf(entry);
    if (name === null) return { path: join(hostsDir, entry), why: "not-a-host" };
    return await read(name).catch(() => ({ path: file(name), why: "unreadable" }) as const);
  }

  async function lookAtAll(): Promise<(HostRecord | UnusableEntry)[]> {
    const found = await Promise.all((await namesIn(hostsDir)).sort().map(look));
    return found.filter((entry) => entry !== null);
  }

  const all = async () => (await lookAtAll()).filter((entry) => "managedBy" in entry);
  const unusable = async () => (await lookAtAll()).filter((entry) => "why" in entry);

  async function write(record: HostRecord): Promise<void> {
    const temporary = `${file(record.name)}.new`;
    try {
      await mkdir(folder(record.name), { recursive: true, mode: 0o700 });
      const handle = await open(temporary, "w", 0o600);
      try {
        await handle.writeFile(JSON.stringify(record, null, 2));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file(record.name));
    } catch (error) {
      throw asCapacity(error, hostsDir);
    }
  }

  async function remove(name: HostName): Promise<void> {
    const entries = (await namesIn(folder(name))).filter((entry) => entry !== "host.json");
    for (const entry of entries) {
      // The kernel lets go of a dead host's mounts a moment after its last process.
      await rm(join(folder(name), entry), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
    await rm(folder(name), { recursive: true, force: true });
  }

  return { folder, read, all, unusable, write, remove };
}

function hostNameOf(entry: string): HostName | null {
  try {
    return parseHostName(entry);
  } catch {
    return null;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** A full disk is something a person can do something about; everything else stays what it is. */
export function asCapacity(error: unknown, directory: string): unknown {
  if (!isErrno(error, "ENOSPC") && !isErrno(error, "EDQUOT")) return error;
  return new OpsError({
    code: "capacity",
    userMessage: `The disk of ${directory} is full.`,
    hint: "Free some space, then try again.",
    cause: error,
  });
}
