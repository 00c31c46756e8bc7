import { access, constants, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Provider } from "../../services/provider/provider.ts";
import type { Workspaces } from "../../services/workspace/workspace.ts";
import { OpsError } from "../core/errors.ts";
import { type Check, type Finding, warning } from "../core/finding.ts";
import type { Host } from "../core/host.ts";
import { formatBytes } from "../core/measures.ts";
import type { Secret, SecretRef } from "../core/secrets.ts";
import type { MachinePorts } from "../operations/machine.ts";
import type { NetworkPorts } from "../operations/network.ts";
import { agentsNetworks } from "./networks.ts";
import { lookAtPeople, type WhoMay } from "./people.ts";
import { hostsUpkeep } from "./upkeep.ts";

export interface CheckedParts {
  readonly stateDir: string;
  readonly cacheDir: string;
  /** null when the defaults apply. */
  readonly configFile: string | null;
  readonly secrets: readonly { readonly setting: string; readonly ref: SecretRef }[];
  /** Throws for what the schema alone cannot find. */
  readonly checkSettings: () => void;
  /** @throws OpsError `config-invalid` that names the variable. */
  readonly makeFolder: (path: string, variable: string) => void;
  readonly resolve: (ref: SecretRef) => Promise<Secret>;
  /** Opens the store as an operation would, or that of a Creel that runs, and closes it again. */
  readonly lookAtStore: () => Promise<StoreLook>;
  readonly ports: MachinePorts & NetworkPorts & { readonly workspaces: Workspaces };
  /** Folders that settings name for agents. */
  readonly workspaces: readonly { readonly setting: string; readonly folder: string }[];
  readonly people: WhoMay;
  readonly chats: readonly Check[];
  /** Those that operations bring. */
  readonly features: readonly Check[];
}

export interface StoreLook {
  /** What a person should know of it. */
  readonly findings: readonly Omit<Finding, "subject">[];
  /** What is said of a Creel that runs and has it; null when there is none. */
  readonly running: string | null;
  /** Hosts that no agent in the registry has. */
  readonly stranded: readonly Host[];
}

/** Creel makes no host with less. */
const NEEDED_BYTES = 2 ** 30;
const LOW_BYTES = 2 * 2 ** 30;

/** What `creel doctor` looks at, in the order it is shown. */
export function checks(parts: CheckedParts): Check[] {
  const { configFile, secrets, resolve, ports } = parts;
  const providers = [...ports.providers.values()];
  let looking: Promise<StoreLook> | undefined;
  const lookAtStore = () => {
    looking ??= parts.lookAtStore();
    return looking;
  };
  return [
    {
      subject: "configuration",
      look: async () => {
        parts.checkSettings();
        return configFile === null ? "There is no creel.yaml; the defaults apply." : `${configFile} is valid.`;
      },
    },
    { subject: "people", look: async () => lookAtPeople(parts.people) },
    { subject: "state folder", look: () => folder(parts.stateDir, "CREEL_STATE_DIR", parts.makeFolder) },
    { subject: "cache folder", look: () => folder(parts.cacheDir, "CREEL_CACHE_DIR", parts.makeFolder) },
    { subject: "redis", look: () => store(lookAtStore) },
    ...secrets.map(({ setting, ref }) => ({
      subject: setting,
      look: async () => {
        await resolve(ref);
        return `${ref} can be read.`;
      },
    })),
    ...parts.workspaces.map(({ setting, folder }) => ({
      subject: setting,
      look: () => workspaceIn(ports.workspaces, setting, folder),
    })),
    ...parts.chats,
    ...providers.map((provider) => ({ subject: provider.name, look: () => provider.diagnose() })),
    { subject: "hosts", look: () => listedHosts(providers, lookAtStore) },
    { subject: "network of agents", look: () => agentsNetworks(ports) },
    { subject: "updates of agents", look: () => hostsUpkeep(ports) },
    ...parts.features,
  ];
}

async function workspaceIn(workspaces: Workspaces, setting: string, folder: string): Promise<Finding[] | string> {
  const { files, warnings } = await workspaces.read(folder);
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  const seen = `${folder}: ${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(bytes)}.`;
  if (warnings.length === 0) return seen;
  return [warning(setting, [seen, ...warnings].join(" "), "Take out what the agent is not to have.")];
}

async function folder(path: string, variable: string, makeFolder: CheckedParts["makeFolder"]) {
  makeFolder(path, variable);
  await access(path, constants.W_OK).catch((cause: unknown) => {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${path} cannot be written to.`,
      hint: `Change its owner, or set ${variable} to another folder.`,
      cause,
    });
  });
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  await tryWriting(path);
  const seen = `${path}, ${(free / 2 ** 30).toFixed(1)} GiB free.`;
  if (free > LOW_BYTES) return seen;
  const [verdict, fix] =
    free < NEEDED_BYTES
      ? ([
          "problem",
          "No host is made with less than 1 GiB, and hosts that run may stop working; free some space.",
        ] as const)
      : (["warning", "A host and its gateway want at least 2 GiB; free some space."] as const);
  return [{ subject: path, verdict, seen, fix }];
}

/** Free space alone proves little: quotas, inodes and broken disks show only in writing. */
async function tryWriting(path: string): Promise<void> {
  const file = join(path, `.creel-doctor-${process.pid}`);
  try {
    await writeFile(file, Buffer.alloc(4096), { mode: 0o600, flush: true });
  } catch (cause) {
    throw new OpsError({
      code: "capacity",
      userMessage: `Nothing can be written into ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: "Free some space, or look at the disk.",
      cause,
    });
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

async function store(look: () => Promise<StoreLook>) {
  const { findings, running } = await look();
  if (findings.length > 0) return findings.map((finding) => ({ subject: "redis", ...finding }));
  return running ?? "It answers, writes everything down, evicts nothing, and all of it can be read.";
}

/** Whether every host is some agent's. */
async function listedHosts(
  providers: readonly Provider[],
  look: () => Promise<StoreLook>,
): Promise<Finding[] | string> {
  const hosts = (await Promise.all(providers.map((provider) => provider.list()))).flat();
  if (hosts.length === 0) return "There are none.";
  const { stranded } = await look();
  if (stranded.length === 0) {
    const waiting = hosts.filter(({ agents }) => agents.length === 0).length;
    const has = hosts.length - waiting;
    const whose =
      has === 0 ? [] : [`${has === 1 ? "The one there is belongs" : `All ${has} belong`} to an agent in the list.`];
    const free = waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "waits" : "wait"} for an agent.`];
    return [...whose, ...free].join(" ");
  }
  return stranded.map(({ name, provider, state, agents }) => ({
    subject: "hosts",
    verdict: "problem",
    seen: `${name} at ${provider} is ${state}, and no agent in the list has it. It was made for ${agents.join(", ")}.`,
    fix: "If Creel lost its Redis, stop it and run creel adopt: it takes the host in again.",
  }));
}
