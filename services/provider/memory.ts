import { OpsError } from "../../src/core/errors.ts";
import type { Host, HostState } from "../../src/core/host.ts";
import type { HostName } from "../../src/core/names.ts";
import type { HostSpec, Provider, Snapshot, Snapshots } from "./provider.ts";
import { chooseOffer, hostGone } from "./spec.ts";

type ProviderCall = Exclude<keyof Provider, "name" | "outsideView" | "snapshots"> | "build";

export interface MemoryProviderOptions {
  readonly name?: string;
  readonly now?: () => number;
  /** Whether a snapshot exists from the start; default true. */
  readonly snapshot?: boolean;
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: ProviderCall, when: "before" | "after") => void | Promise<void>;
}

export interface MemoryProvider extends Provider {
  /** What the newest host of that name was created with; null for a host that was never created. */
  specOf(name: HostName): HostSpec | null;
  /** As if the machine had been switched off, or the cloud had lost it. */
  powerOff(name: HostName): void;
  lose(name: HostName): void;
  /** How many machines were ever made: more than one for a name means that a create was repeated badly. */
  readonly made: () => readonly HostName[];
}

const OFFERS = {
  regions: ["here", "there"],
  sizes: [
    { name: "small", cpus: 2, memoryMb: 2048, diskGb: 20 },
    { name: "large", cpus: 4, memoryMb: 8192, diskGb: 80 },
  ],
} as const;
const FINGERPRINT = "0123456789abcdef";

/** Hosts that are nothing but records: what one call does, every later call sees. */
export function createMemoryProvider(options: MemoryProviderOptions = {}): MemoryProvider {
  const { name: providerName = "memory", now = () => 1_700_000_000_000, faults = () => undefined } = options;
  const hosts = new Map<HostName, { readonly host: Host; readonly spec: HostSpec }>();
  const made: HostName[] = [];
  const built: Snapshot[] = options.snapshot === false ? [] : [snapshot()];

  function snapshot(): Snapshot {
    return { fingerprint: FINGERPRINT, createdAtMs: now(), sizeBytes: 1_400_000_000, openclawVersion: "2026.9.6" };
  }

  async function around<T>(call: ProviderCall, effect: () => T): Promise<T> {
    await faults(call, "before");
    const result = effect();
    await faults(call, "after");
    return result;
  }

  function change(name: HostName, fields: Partial<Host>): Host {
    const found = hosts.get(name);
    if (found === undefined) throw hostGone(name);
    const host = { ...found.host, ...fields };
    hosts.set(name, { ...found, host });
    return host;
  }

  function create(spec: HostSpec): Host {
    if (hosts.has(spec.name)) return change(spec.name, { state: "running" });
    const { region, size } = chooseOffer(OFFERS, spec);
    if (built.length === 0) {
      throw new OpsError({ code: "snapshot-failed", userMessage: "There is no snapshot yet.", hint: "/image build" });
    }
    const host: Host = {
      name: spec.name,
      provider: providerName,
      state: "running",
      agent: spec.agent,
      operation: spec.operation,
      createdAtMs: now(),
      region,
      size: size.name,
      address: `192.0.2.${(made.length % 254) + 1}`,
      sshPort: 22,
      hostKeyFingerprint: spec.hostKeyFingerprint,
    };
    hosts.set(spec.name, { host, spec });
    made.push(spec.name);
    return host;
  }

  const snapshots: Snapshots = {
    status: async () => ({ wanted: FINGERPRINT, current: built[0] ?? null, all: [...built] }),
    build: (report, signal, { force } = { force: false }) =>
      around("build", () => {
        signal.throwIfAborted();
        report({ stage: "Building", number: 1, of: 1 });
        if (built.length === 0 || force) built.unshift(snapshot());
        return built[0] ?? snapshot();
      }),
  };

  return {
    name: providerName,
    snapshots,
    offers: () => around("offers", () => OFFERS),
    create: (spec, signal) =>
      around("create", () => {
        signal.throwIfAborted();
        return create(spec);
      }),
    find: (name) => around("find", () => hosts.get(name)?.host ?? null),
    list: () =>
      around("list", () => [...hosts.values()].map(({ host }) => host).sort((a, b) => (a.name < b.name ? -1 : 1))),
    setHostKeyFingerprint: (name, hostKeyFingerprint) =>
      around("setHostKeyFingerprint", () => void change(name, { hostKeyFingerprint })),
    start: (name) => around("start", () => void change(name, { state: "running" })),
    destroy: (name) => around("destroy", () => void hosts.delete(name)),
    consoleTail: (name, lines) =>
      around("consoleTail", () => (hosts.has(name) ? [`${name} login:`].slice(-lines) : [])),
    diagnose: () => around("diagnose", () => [{ subject: "memory", verdict: "ok", seen: "It works.", fix: null }]),
    outsideView: (host, port) => ({ address: host.address, port }),
    specOf: (name) => hosts.get(name)?.spec ?? null,
    powerOff: (name) => void change(name, { state: "stopped" satisfies HostState }),
    lose: (name) => void hosts.delete(name),
    made: () => made,
  };
}
