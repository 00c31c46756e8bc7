import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { canRunHosts, SNAPSHOTS_DIR } from "./creel.ts";

/** All end-to-end tests start from one golden image; built here, so that no test's time depends on whether it exists. */
export async function setup(): Promise<void> {
  if (!canRunHosts()) return;
  const stateDir = await mkdtemp(join(tmpdir(), "creel-setup-"));
  try {
    await buildSnapshot(stateDir);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function buildSnapshot(stateDir: string): Promise<void> {
  const { snapshots } = createLocalProvider({ stateDir, cacheDir: SNAPSHOTS_DIR });
  const report = ({ stage, number, of }: { stage: string; number: number; of: number }) =>
    console.info(`golden image: ${stage} (${number} of ${of})`);
  await snapshots.build(report, AbortSignal.timeout(20 * 60_000));
}
