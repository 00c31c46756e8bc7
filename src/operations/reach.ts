import { OpsError } from "../core/errors.ts";
import type { Connection } from "./connection.ts";
import type { StepContext } from "./definition.ts";
import type { Machine } from "./machine.ts";

/** Longer than a host takes to boot, in nearly all cases; one reboot more does no harm to the others. */
const DEAF_MS = 2 * 60_000;

/**
 * For a step that is tried again: reaches the host. One that runs, says its provider, and answers nothing for two minutes, such as because its SSH
 * server hangs or it has no memory left, is switched off and on, once. Says whether that was done. `elapsed`: ms since some moment.
 */
export function reachOrReboot(
  connection: Connection,
  { provider, host }: Pick<Machine, "provider" | "host">,
  elapsed: () => number,
): (context: StepContext) => Promise<{ readonly rebooted: boolean }> {
  let sinceMs: number | null = null;
  let rebooted = false;
  return async ({ signal, detail }) => {
    sinceMs ??= elapsed();
    try {
      await connection.use(signal, async () => undefined);
      return { rebooted };
    } catch (error) {
      const isDeaf =
        error instanceof OpsError && error.code === "host-unreachable" && elapsed() - sinceMs >= DEAF_MS && !rebooted;
      if (isDeaf) {
        detail("It runs and does not answer; switching it off and on");
        await provider.reboot(host.name, signal);
        rebooted = true;
      }
      throw error;
    }
  };
}
