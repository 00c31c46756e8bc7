import { createCachedImages, type LocalImage } from "../../services/provider/local/cached-images.ts";
import { IMAGES_DIR } from "../e2e/creel.ts";

/** Builds it first when there is none. */
export async function goldenImage(): Promise<LocalImage> {
  const images = createCachedImages({ cacheDir: IMAGES_DIR });
  const report = ({ stage, number, of }: { stage: string; number: number; of: number }) =>
    console.log(`  golden image: ${stage} (${number} of ${of})`);
  await images.build(report, new AbortController().signal);
  const image = await images.current();
  if (image === null) throw new Error("The golden image that was just built is not there.");
  return image;
}
