import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import { guest } from "../guest.ts";
import type { HostRecord } from "../record.ts";

/** Writes what the first boot is told onto a disk: an ISO whose volume name the system looks for. */
export async function writeSeed(record: HostRecord, folder: string, file: string, signal: AbortSignal): Promise<void> {
  const tree = join(folder, "seed");
  await mkdir(tree, { recursive: true, mode: 0o700 });
  const metaData = { "instance-id": record.name, "local-hostname": record.name };
  await writeFile(join(tree, "user-data"), record.userData ?? guest.seed.empty, { mode: 0o600 });
  await writeFile(join(tree, "meta-data"), JSON.stringify(metaData), { mode: 0o600 });
  const argv = [
    "genisoimage",
    "-quiet",
    "-output",
    file,
    "-volid",
    guest.seed.volume,
    "-joliet",
    "-rock",
    tree,
  ] as const;
  const { exitCode, output } = await runChild(argv, { signal });
  if (exitCode !== 0) {
    throw new OpsError({
      code: "provider-failed",
      userMessage: `The first-boot disk of ${record.name} could not be written.`,
      evidence: output.trimEnd().split("\n"),
    });
  }
  await rm(tree, { recursive: true });
}
