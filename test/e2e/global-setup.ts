import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { canRunHosts, IMAGES_DIR } from "./creel.ts";

/** All end-to-end tests start from one golden image; built here, so that no test's time depends on whether it exists. */
export async function setup(): Promise<void> {
  if (!canRunHosts()) return;
  const stateDir = await mkdtemp(join(tmpdir(), "creel-setup-"));
  try {
    await buildImage(stateDir);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function buildImage(stateDir: string): Promise<void> {
  const { images } = createLocalProvider({ stateDir, cacheDir: IMAGES_DIR });
  const report = ({ stage, number, of }: { stage: string; number: number; of: number }) =>
    console.info(`golden image: ${stage} (${number} of ${of})`);
  await images.build(report, AbortSignal.timeout(20 * 60_000));
}
