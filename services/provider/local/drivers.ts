import { chooseDriver, type DriverName } from "./choose-driver.ts";
import type { LocalDriver } from "./driver.ts";
import { createNspawnDriver } from "./nspawn/driver.ts";
import { createQemuDriver } from "./qemu/driver.ts";

/** The drivers of one machine. */
export interface LocalDrivers {
  /** Those that may have hosts of this user. */
  readonly mine: readonly LocalDriver[];
  /** All there are, for hosts that exist. */
  readonly all: readonly LocalDriver[];
  forNewHosts(): Promise<LocalDriver>;
}

export interface DriverOptions {
  readonly stateDir: string;
  /** This and all below is for new hosts: those that exist keep what they were made with. */
  readonly driver?: DriverName | "auto";
  /** First two numbers of the /16 that nspawn hosts get addresses from; default "10.99". */
  readonly subnet?: string;
  /** Whether hosts reach the internet; default true. With nspawn it lets this machine's interfaces forward, and makes a table in nftables. */
  readonly internet?: boolean;
}

/** systemd-nspawn and qemu. */
export function localDrivers({
  stateDir,
  driver = "auto",
  subnet = "10.99",
  internet = true,
}: DriverOptions): LocalDrivers {
  const nspawn = createNspawnDriver({ prefix: subnet, internet });
  const qemu = createQemuDriver({ stateDir });
  return {
    // Nobody but root can have had hosts under nspawn.
    mine: process.getuid?.() === 0 ? [nspawn, qemu] : [qemu],
    all: [nspawn, qemu],
    forNewHosts: async () => ({ nspawn, qemu })[await chooseDriver(driver)],
  };
}
