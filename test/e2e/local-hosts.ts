import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { overlapOf, routes } from "../../services/provider/local/routes.ts";
import type { HostSpec, Provider } from "../../services/provider/provider.ts";
import { asOpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { specFor } from "../contract/host-spec.ts";
import { IMAGES_DIR } from "./creel.ts";

export const DRIVER = process.env.CREEL_E2E_DRIVER === "qemu" ? "qemu" : "nspawn";
export const never = new AbortController().signal;
/** TCG needs more than a minute for what takes a container a second, and that longer on a busy machine. */
const PATIENCE_MS = DRIVER === "qemu" ? 300_000 : 120_000;

export interface LocalHosts {
  readonly stateDir: string;
  readonly subnet: string;
  readonly provider: Provider;
  readonly shells: HostShells;
  /** A running host that `shells` can reach. */
  newHost(agent: string): Promise<{ readonly spec: HostSpec; readonly host: Host }>;
}

/** For the tests of the file or block that calls it: a state folder and a subnet of its own. Hosts go after each test. */
export function useLocalHosts(): LocalHosts {
  let own: Omit<LocalHosts, "newHost">;
  beforeAll(async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "creel-provider-"));
    const subnet = await freeSubnet();
    const provider = await makeProvider(stateDir, subnet);
    own = { stateDir, subnet, provider, shells: createSshShells({ keyFile: join(stateDir, "id") }) };
  });
  afterEach(async () => {
    for (const { name } of await own.provider.list()) await own.provider.destroy(name);
  });
  afterAll(async () => {
    await rm(own.stateDir, { recursive: true, force: true });
  });
  return {
    get stateDir() {
      return own.stateDir;
    },
    get subnet() {
      return own.subnet;
    },
    get provider() {
      return own.provider;
    },
    get shells() {
      return own.shells;
    },
    async newHost(agent) {
      const spec = await specFor(own.provider, agent, { authorizedKey: await own.shells.authorizedKey() });
      return { spec, host: await own.provider.create(spec, never) };
    },
  };
}

/** The golden image in it is there already. */
export async function makeProvider(stateDir: string, subnet: string): Promise<Provider> {
  const options = { stateDir, cacheDir: IMAGES_DIR, driver: DRIVER, subnet, internet: false } as const;
  const provider = createLocalProvider(options);
  await provider.images.build(({ stage }) => console.info(stage), never);
  return provider;
}

/** The first two bytes of a network that neither this machine nor what an earlier run has left on it uses. */
export async function freeSubnet(): Promise<string> {
  const known = await routes();
  const links = Object.keys(networkInterfaces());
  const free = Array.from({ length: 40 }, (_, index) => `10.${200 + index}`).filter(
    (prefix) =>
      known.every((route) => overlapOf(prefix, route) === null) &&
      links.every((name) => !name.startsWith(`cl${prefix.replace(".", "-")}-`)),
  );
  const chosen = free[Math.floor(Math.random() * free.length)];
  if (chosen === undefined) throw new Error("Every subnet from 10.200 to 10.239 is in use on this machine.");
  return chosen;
}

export async function reach(shells: HostShells, host: Host): Promise<HostShell> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await shells.connect(host);
    } catch (error) {
      if (asOpsError(error).retry !== "later" || Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/** Which boot of its host a shell is in: in a container the kernel's own id stays, and the time that its first process began does not. */
export async function bootOf(shell: HostShell): Promise<string> {
  return await shell.check(["awk", "{ print (NF > 1 ? $22 : $1) }", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"]);
}

/** A shell of a later boot than `before`, not one that the end of that boot still lets in. */
export async function reachAgain(shells: HostShells, host: Host, before: string): Promise<HostShell> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const shell = await reach(shells, host);
      if ((await bootOf(shell)) !== before) return shell;
      await shell.close();
    } catch (error) {
      if (asOpsError(error).retry !== "later" || Date.now() > deadline) throw error;
    }
    await delay(50);
  }
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("It did not become true in time.");
    await delay(50);
  }
}
