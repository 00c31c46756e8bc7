import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalProvider, type LocalProviderOptions } from "../../../../services/provider/local/local-provider.ts";
import {
  createMemoryMachine,
  type MemoryDriverOptions,
  onlyDriver,
} from "../../../../services/provider/local/memory-driver.ts";
import { imageIn } from "./image-in.ts";

/** A machine in memory, a cache with an image, and providers that live on it; folders are real. */
export async function localWorld() {
  const directory = await mkdtemp(join(tmpdir(), "creel-local-"));
  const cacheDir = join(directory, "cache");
  const machine = createMemoryMachine();
  const image = await imageIn(cacheDir);
  return {
    directory,
    cacheDir,
    stateDir: join(directory, "state"),
    machine,
    image,
    provider: (options: Partial<LocalProviderOptions> = {}, faults?: MemoryDriverOptions["faults"]) =>
      createLocalProvider(
        { stateDir: join(directory, "state"), cacheDir, ...options },
        onlyDriver(machine.driver(faults === undefined ? {} : { faults })),
      ),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}
