import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalImage } from "../../../../services/provider/local/cached-images.ts";
import { imageId } from "../../../../services/provider/local/image-record.ts";
import { fingerprintOf, recipeFor } from "../../../../services/provider/local/recipe.ts";

/** An image that nothing could boot from, with a part for each driver; the one that is wanted now unless `fields` say otherwise. */
export async function imageIn(folder: string, fields: Partial<LocalImage> = {}): Promise<LocalImage> {
  const record = {
    fingerprint: fingerprintOf(recipeFor({ cacheDir: folder })),
    createdAtMs: 5,
    sizeBytes: 7,
    system: "debian",
    openclawVersion: "2026.9.6",
    containerImage: "localhost/creel/openclaw:2026.9.6",
    ...fields,
  };
  const image = join(folder, record.fingerprint);
  await mkdir(join(image, "rootfs", "usr"), { recursive: true });
  await mkdir(join(image, "vm"), { recursive: true });
  await writeFile(join(image, "rootfs", "usr", "program"), "works");
  await writeFile(join(image, "vm", "disk.qcow2"), "disk");
  await writeFile(join(image, "image.json"), JSON.stringify(record));
  return { ...record, id: imageId(record), directory: image };
}
