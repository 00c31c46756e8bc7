/** Removes every local host of the state folder in the environment: for tests that failed halfway. */
import { imagesIn } from "../../services/provider/local/cached-images.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { loadConfig } from "../../src/config.ts";

const { stateDir, cacheDir } = loadConfig();
const provider = createLocalProvider({ stateDir, cacheDir: imagesIn(cacheDir) });
for (const { name } of await provider.list()) await provider.destroy(name);
