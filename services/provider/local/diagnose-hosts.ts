import { type Finding, problem } from "../../../src/core/finding.ts";
import { diagnoseSurroundings, unusableEntry } from "./diagnose.ts";
import type { LocalDrivers } from "./drivers.ts";
import type { HostRecord, HostRecords } from "./record.ts";
import { runningIn, unknownHosts } from "./running.ts";

interface Hosts {
  readonly hostsDir: string;
  readonly records: HostRecords;
  readonly drivers: LocalDrivers;
  /** Its id; null before the first host. */
  readonly installation: () => string | null;
  /** @throws OpsError `wrong-state` when it runs from another folder. */
  readonly isRunning: (record: HostRecord) => Promise<boolean>;
  readonly internet: (record: HostRecord) => boolean;
}

/** What is wrong with the hosts that there are, those included that no list has. Never throws an OpsError for one of them alone. */
export async function diagnoseHosts(hosts: Hosts): Promise<Finding[]> {
  return [
    ...(await findUnlisted(hosts)),
    ...(await findElsewhere(hosts)),
    ...(await diagnoseSurroundings(() => diagnoseRunning(hosts))),
  ];
}

/** Hosts that no list has: their records cannot be used, or are not even there. */
async function findUnlisted({ hostsDir, records, drivers, installation }: Hosts): Promise<Finding[]> {
  const unusable = await records.unusable();
  const running = (await Promise.all(drivers.mine.map((driver) => driver.running()))).flat();
  const here = await runningIn(hostsDir, running);
  const known = new Set((await records.all()).map(({ name }): string => name));
  return [
    ...unusable.map((entry) => unusableEntry(entry, here)),
    ...(await unknownHosts(running, { hostsDir, installation: installation(), known, unusable })),
  ];
}

/** What keeps hosts out of lists. */
async function findElsewhere({ records, isRunning }: Hosts): Promise<Finding[]> {
  const looks = (await records.all()).map((record) =>
    isRunning(record).then(
      () => null,
      (error: unknown) => problem("local hosts", error),
    ),
  );
  return (await Promise.all(looks)).filter((finding) => finding !== null);
}

async function diagnoseRunning({ records, drivers, isRunning, internet }: Hosts): Promise<Finding[]> {
  const all = await records.all();
  // What cannot be told of one is told by `findElsewhere`.
  const running = await Promise.all(all.map((record) => isRunning(record).catch(() => false)));
  const byDriver = drivers.all.map((driver) =>
    driver.diagnose(
      all
        .filter((record, index) => running[index] && record.place.driver === driver.name)
        .map((record) => ({ place: record.place, internet: internet(record) })),
    ),
  );
  return (await Promise.all(byDriver)).flat();
}
