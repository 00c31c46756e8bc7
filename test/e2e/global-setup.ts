import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { canRunHosts, SNAPSHOTS_DIR } from "./creel.ts";

/** All end-to-end tests start from one golden image; built here, so that no test's time depends on whether it exists. */
export async function setup(): Promise<void> {
  if (!canRunHosts()) return;
  const { snapshots } = createLocalProvider({ stateDir: SNAPSHOTS_DIR, cacheDir: SNAPSHOTS_DIR });
  const report = ({ stage, number, of }: { stage: string; number: number; of: number }) =>
    console.info(`golden image: ${stage} (${number} of ${of})`);
  await snapshots.build(report, AbortSignal.timeout(20 * 60_000));
}
