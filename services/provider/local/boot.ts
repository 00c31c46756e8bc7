import { OpsError } from "../../../src/core/errors.ts";
import type { Boot, LocalDriver } from "./driver.ts";
import type { HostRecord, HostRecords } from "./record.ts";

const PLACE_ATTEMPTS = 5;

interface Around {
  readonly driver: Pick<LocalDriver, "boot" | "findPlace">;
  readonly records: Pick<HostRecords, "all" | "write">;
  readonly hostOf: (record: HostRecord) => Boot;
  /** Runs `work` while nobody else looks for a place. */
  readonly lockPlaces: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Boots at the record's place, or at another one when something else has taken that. The record, which must be written already, then says
 * where, and holds no user-data any more. @throws what `LocalDriver.boot` throws, with the user-data kept for the next time.
 */
export async function bootSomewhere(record: HostRecord, around: Around, signal: AbortSignal): Promise<void> {
  const { driver, records, hostOf, lockPlaces } = around;
  let current = record;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await driver.boot(hostOf(current), signal);
      // The disk has it now; the private host key in it need not be in two places.
      if (current.userData !== null) await records.write({ ...current, userData: null });
      return;
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "address-in-use" || attempt === PLACE_ATTEMPTS) throw error;
      current = await lockPlaces(async () => {
        // The place that did not work counts as taken.
        const moved = { ...current, place: await driver.findPlace(await records.all(), current.place) };
        await records.write(moved);
        return moved;
      });
    }
  }
}
