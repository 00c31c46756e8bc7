import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isErrno, outOfSpace } from "../../../src/core/errno.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { ONLY_SSH, type Opening } from "../../../src/core/firewall.ts";
import { FIRST_SYSTEM } from "../../../src/core/host.ts";
import { readHostKeys } from "../../../src/core/host-keys.ts";
import { type HostName, parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";
import { namesIn } from "./names-in.ts";

const place = z.discriminatedUnion("driver", [
  /** `index` counts the /30 networks inside the provider's subnet. */
  z.object({ driver: z.literal("nspawn"), index: z.int().nonnegative(), address: z.ipv4() }),
  /** SSH at `sshPort` of the machine's loopback; the port after it leads to the gateway's port, to see whether it is exposed. */
  z.object({ driver: z.literal("qemu"), sshPort: z.int().positive() }),
  z.object({ driver: z.literal("memory"), number: z.int().positive() }),
]);

const opening = z.object({
  protocol: z.enum(["tcp", "udp"]),
  port: z.int().positive(),
  from: z.array(z.string()),
}) satisfies z.ZodType<Opening>;

/** As a record holds them. */
export function copied(openings: readonly Opening[]): z.output<typeof opening>[] {
  return openings.map((one) => ({ ...one, from: [...one.from] }));
}

/** What older Creels have written instead. They look for it still, should somebody go back to one of them. */
const older = z
  .object({ snapshot: z.string(), agent: z.string() })
  .transform(({ snapshot, agent }) => ({ image: snapshot, agents: [agent] }));

const fields = z
  .object({
    managedBy: z.literal("creel"),
    name: z.string().transform(parseHostName),
    agents: z.array(z.string().transform(parseAgentName)),
    operation: z.string().transform(parseOperationId),
    createdAtMs: z.number(),
    region: z.string(),
    size: z.string(),
    system: z.string().default(FIRST_SYSTEM),
    cpus: z.number(),
    memoryMb: z.number(),
    diskGb: z.number(),
    hostKeyFingerprint: z.string(),
    nextHostKeyFingerprint: z.string().nullable().default(null),
    /** Name of the image it was made from; with older Creels its directory in the cache. */
    image: z.string(),
    /** Id of the installation that made it; null, as everything below, for what an older Creel has not written down. */
    installation: z.string().nullable().default(null),
    internet: z.boolean().nullable().default(null),
    gatewayPort: z.int().positive().nullable().default(null),
    containerImage: z.string().nullable().default(null),
    place,
    /** Until it is on the host's disk. */
    userData: z.string().nullable(),
    openings: z.array(opening).default(copied(ONLY_SSH)),
  })
  .transform((record) => ({ ...record, ...readHostKeys(record.hostKeyFingerprint, record.nextHostKeyFingerprint) }));

const recordSchema = z.preprocess((record) => Object.assign({}, older.safeParse(record).data, record), fields);

/** What this machine knows of one host: `host.json` in its folder, written before anything else of the host exists and removed last. */
export type HostRecord = z.output<typeof recordSchema>;
export type Place = HostRecord["place"];

/** What makes a folder one of a host: it is there only as long as the record is. */
const DISKS = ["upper", "disk.qcow2"];

export interface UnusableEntry {
  /** The record that cannot be read; for something that is no host's folder, its own path. */
  readonly path: string;
  /** missing: a host's disk without a record. */
  readonly why: "unreadable" | "missing" | "not-a-host";
}

export interface HostRecords {
  /** The folder of a host, whether it exists or not. */
  folder(name: HostName): string;
  read(name: HostName): Promise<HostRecord | null>;
  /** Sorted by name, without those that cannot be read: one broken host must not stop the work on all others. */
  all(): Promise<HostRecord[]>;
  /** What lies among the hosts and is left out of `all()`. */
  unusable(): Promise<UnusableEntry[]>;
  /** The images that hosts stand on; null as long as something is unusable, for nobody knows what that host needs. */
  imagesInUse(): Promise<readonly string[] | null>;
  /** Replaces the record as a whole or not at all. @throws OpsError `capacity` when the disk is full. */
  write(record: HostRecord): Promise<void>;
  /** Removes the folder, the record in it last, so that a cut-off removal is found again. */
  remove(name: HostName): Promise<void>;
}

/** `requirePlace` throws when `hostsDir` is not where it was: then nothing can be said about hosts, least of all that there are none. */
export function createHostRecords(hostsDir: string, requirePlace: () => void): HostRecords {
  const folder = (name: HostName) => join(hostsDir, name);
  const file = (name: HostName) => join(folder(name), "host.json");

  async function read(name: HostName): Promise<HostRecord | null> {
    requirePlace();
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
    const record = await read(name).catch(() => ({ path: file(name), why: "unreadable" }) as const);
    if (record !== null || !DISKS.some((disk) => existsSync(join(folder(name), disk)))) return record;
    return { path: file(name), why: "missing" };
  }

  async function lookAtAll(): Promise<(HostRecord | UnusableEntry)[]> {
    requirePlace();
    const found = await Promise.all((await namesIn(hostsDir)).sort().map(look));
    return found.filter((entry) => entry !== null);
  }

  const all = async () => (await lookAtAll()).filter((entry) => "managedBy" in entry);
  const unusable = async () => (await lookAtAll()).filter((entry) => "why" in entry);

  async function imagesInUse(): Promise<readonly string[] | null> {
    const entries = await lookAtAll();
    const records = entries.filter((entry) => "managedBy" in entry);
    return records.length === entries.length ? records.map(({ image }) => image) : null;
  }

  async function write(record: HostRecord): Promise<void> {
    requirePlace();
    const temporary = `${file(record.name)}.new`;
    try {
      await mkdir(folder(record.name), { recursive: true, mode: 0o700 });
      const handle = await open(temporary, "w", 0o600);
      try {
        await handle.writeFile(JSON.stringify({ ...record, snapshot: record.image, agent: record.agents[0] }, null, 2));
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
    requirePlace();
    const entries = (await namesIn(folder(name))).filter((entry) => entry !== "host.json");
    for (const entry of entries) {
      // The kernel lets go of a dead host's mounts a moment after its last process.
      await rm(join(folder(name), entry), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
    await rm(folder(name), { recursive: true, force: true });
  }

  return { folder, read, all, unusable, imagesInUse, write, remove };
}

function hostNameOf(entry: string): HostName | null {
  try {
    return parseHostName(entry);
  } catch {
    return null;
  }
}

/** A full disk is something a person can do something about; everything else stays what it is. */
export function asCapacity(error: unknown, directory: string): unknown {
  return outOfSpace(directory, error) ?? error;
}
