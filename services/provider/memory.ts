import { stopped, unlessStopped } from "../../src/core/errors.ts";
import type { Opening } from "../../src/core/firewall.ts";
import type { Host, HostState } from "../../src/core/host.ts";
import type { HostName } from "../../src/core/names.ts";
import { chooseOffer, type Offers } from "../../src/core/offers.ts";
import { containerImageOf, OPENCLAW_VERSION } from "../../src/core/openclaw.ts";
import { admits } from "./admits.ts";
import { fromLabels, type HostLabels, type Labels, parseLabel, toLabels } from "./labels.ts";
import type { HostSpec, Image, Images, Provider } from "./provider.ts";
import { hostGone, imageInUse, nameTaken, noSuchImage, requireOpenings } from "./spec.ts";

export type ProviderCall = Exclude<keyof Provider, "name" | "internet" | "images"> | "status" | "build" | "remove";

export interface MemoryProviderOptions {
  readonly name?: string;
  /** Default true. */
  readonly internet?: boolean;
  readonly now?: () => number;
  /** Whether an image exists from the start; default true. */
  readonly image?: boolean;
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: ProviderCall, when: "before" | "after") => void | Promise<void>;
}

export interface MemoryProvider extends Provider {
  /** What the newest host of that name was created with; null for a host that was never created. */
  specOf(name: HostName): HostSpec | null;
  /** As if the machine had been switched off, or the cloud had lost it. */
  powerOff(name: HostName): void;
  lose(name: HostName): void;
  /** Whether somebody at `address` gets to that TCP port of a running machine, as far as the account's firewall says. */
  admits(name: HostName, port: number, address: string): boolean;
  /** A machine of the same account that is not Creel's, or one whose labels somebody has taken away. */
  plant(name: HostName): void;
  /** Every machine of the account, in the order of their making. */
  readonly machines: () => readonly HostName[];
  /** How many machines were ever made: more than one for a name means that a create was repeated badly. */
  readonly made: () => readonly HostName[];
}

const SMALL = { currency: "EUR", perHour: 0.006, perMonth: 3.79 };
const LARGE = { currency: "EUR", perHour: 0.02, perMonth: 12.5 };
const OFFERS: Offers = {
  regions: ["here", "there"],
  sizes: [
    {
      ...{ name: "small", cpus: 2, memoryMb: 2048, diskGb: 20 },
      available: [
        { region: "here", price: SMALL },
        { region: "there", price: SMALL },
      ],
    },
    { name: "large", cpus: 4, memoryMb: 8192, diskGb: 80, available: [{ region: "there", price: LARGE }] },
    { name: "rare", cpus: 8, memoryMb: 16_384, diskGb: 160, available: [] },
  ],
};
/** Of a machine that nobody asked Creel for. */
const OFFERED_FIRST = {
  ...{ region: "here", size: "small", address: "192.0.2.255", sshPort: 22, gatewayPort: 18_789 },
  containerImage: containerImageOf(OPENCLAW_VERSION),
};
const FINGERPRINT = "0123456789abcdef";

interface Machine {
  readonly host: Omit<Host, keyof HostLabels>;
  readonly labels: Labels;
  readonly spec: HostSpec | null;
  readonly openings: readonly Opening[];
}

/** Hosts that are nothing but records: what one call does, every later call sees. Whose they are it knows from labels alone, as a cloud. */
export function createMemoryProvider(options: MemoryProviderOptions = {}): MemoryProvider {
  const { name: providerName = "memory", now = () => 1_700_000_000_000, faults = () => undefined } = options;
  const hosts = new Map<HostName, Machine>();
  const made: HostName[] = [];
  const built: Image[] = options.image === false ? [] : [image(1)];

  function image(number: number): Image {
    return {
      id: `image-${number}`,
      fingerprint: FINGERPRINT,
      createdAtMs: now(),
      sizeBytes: 1_400_000_000,
      system: "memory",
      openclawVersion: OPENCLAW_VERSION,
    };
  }

  async function around<T>(call: ProviderCall, signal: AbortSignal | undefined, effect: () => T): Promise<T> {
    if (signal?.aborted) throw stopped(signal);
    await unlessStopped(faults(call, "before"), signal);
    const result = effect();
    await unlessStopped(faults(call, "after"), signal);
    return result;
  }

  /** null for a machine that is not there or not Creel's. */
  function ours(name: HostName): Host | null {
    const machine = hosts.get(name);
    const labels = machine === undefined ? null : fromLabels(machine.labels);
    return machine === undefined || labels === null ? null : { ...machine.host, ...labels };
  }

  function change(
    name: HostName,
    { state, labels, openings }: { state?: HostState; labels?: Partial<HostLabels>; openings?: readonly Opening[] },
  ): Host {
    const machine = hosts.get(name);
    const host = ours(name);
    if (machine === undefined || host === null) throw hostGone(name);
    const changed = { ...host, ...labels, ...(state === undefined ? {} : { state }) };
    hosts.set(name, { ...machine, ...machineOf(changed), ...(openings === undefined ? {} : { openings }) });
    return changed;
  }

  function create(spec: HostSpec): Host {
    if (ours(spec.name) !== null) return change(spec.name, { state: "running" });
    const { region, size } = chooseOffer(OFFERS, spec);
    if (!built.some(({ id }) => id === spec.image)) throw noSuchImage(spec.image);
    const taken = hosts.has(spec.name) && ours(spec.name) === null;
    if (taken) throw nameTaken(spec.name);
    const openings = requireOpenings(spec.openings);
    const host: Host = {
      name: spec.name,
      provider: providerName,
      state: "running",
      agents: spec.agents,
      operation: spec.operation,
      system: spec.system,
      createdAtMs: now(),
      region,
      size: size.name,
      image: spec.image,
      address: `192.0.2.${(made.length % 254) + 1}`,
      sshPort: 22,
      gatewayPort: 18_789,
      containerImage: containerImageOf(OPENCLAW_VERSION),
      hostKeyFingerprint: spec.hostKeyFingerprint,
      nextHostKeyFingerprint: null,
    };
    hosts.set(spec.name, { ...machineOf(host), spec, openings });
    made.push(spec.name);
    return host;
  }

  const images: Images = {
    status: (signal) =>
      around("status", signal, () => ({
        wanted: FINGERPRINT,
        changes: [],
        maxAgeDays: 30,
        current: built[0] ?? null,
        all: [...built],
      })),
    build: (report, signal, { force } = { force: false }) =>
      around("build", signal, () => {
        report({ stage: "Building", number: 1, of: 1 });
        const [before] = built;
        if (before !== undefined && !force) return { image: before, built: false };
        const made = image(built.length + 1);
        built.unshift(made);
        return { image: made, built: true };
      }),
    remove: (id, signal) =>
      around("remove", signal, () => {
        const standing = [...hosts.keys()].filter((name) => ours(name)?.image === id);
        if (standing.length > 0) throw imageInUse(id, standing);
        const index = built.findIndex((one) => one.id === id);
        if (index >= 0) built.splice(index, 1);
      }),
  };

  return {
    name: providerName,
    internet: options.internet ?? true,
    images,
    offers: (signal) => around("offers", signal, () => OFFERS),
    create: (spec, signal, report = () => undefined) =>
      around("create", signal, () => {
        report("Making it");
        return create(spec);
      }),
    find: (name, signal) => around("find", signal, () => ours(name)),
    list: (signal) =>
      around("list", signal, () =>
        [...hosts.keys()].flatMap((name) => ours(name) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    setLabels: (name, labels, signal) => around("setLabels", signal, () => void change(name, { labels })),
    start: (name, signal) => around("start", signal, () => void change(name, { state: "running" })),
    stop: (name, signal) => around("stop", signal, () => void change(name, { state: "stopped" })),
    reboot: (name, signal) => around("reboot", signal, () => void change(name, { state: "running" })),
    setOpenings: (name, openings, signal) =>
      around("setOpenings", signal, () => void change(name, { openings: requireOpenings(openings) })),
    destroy: (name, signal) => around("destroy", signal, () => void (ours(name) !== null && hosts.delete(name))),
    consoleTail: (name, lines, signal) =>
      around("consoleTail", signal, () => (hosts.has(name) ? [`${name} login:`].slice(-lines) : [])),
    diagnose: () =>
      around("diagnose", undefined, () => [{ subject: "memory", verdict: "ok", seen: "It works.", fix: null }]),
    outsideViews: ({ address }, port, signal) =>
      around("outsideViews", signal, () => [address, ipv6Of(address)].map((each) => ({ address: each, port }))),
    specOf: (name) => hosts.get(name)?.spec ?? null,
    admits(name, port, address) {
      const machine = hosts.get(name);
      return machine?.host.state === "running" && admits(machine.openings, port, address);
    },
    powerOff: (name) => void change(name, { state: "stopped" satisfies HostState }),
    lose: (name) => void hosts.delete(name),
    plant(name) {
      const foreign = { "managed-by": parseLabel("somebody-else") };
      const host = { ...OFFERED_FIRST, name, provider: providerName, state: "running", createdAtMs: now() } as const;
      hosts.set(name, { host, labels: foreign, spec: null, openings: [] });
    },
    machines: () => [...hosts.keys()],
    made: () => made,
  };
}

/** Every machine has two addresses. */
function ipv6Of(address: string): string {
  return `2001:db8::${address.split(".").at(-1)}`;
}

function machineOf({
  agents,
  operation,
  system,
  image,
  hostKeyFingerprint,
  nextHostKeyFingerprint,
  ...host
}: Host): Pick<Machine, "host" | "labels"> {
  return { host, labels: toLabels({ agents, operation, system, image, hostKeyFingerprint, nextHostKeyFingerprint }) };
}
