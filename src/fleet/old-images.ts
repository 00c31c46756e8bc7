import { daysOld, isTooOld, type OldImage } from "../core/golden-image.ts";
import type { Providers } from "../operations/providers.ts";

/** The golden images that have grown too old, one of a provider at most. @throws OpsError what providers throw. */
export async function oldImages(
  { providers }: { readonly providers: Providers },
  nowMs: number,
  signal?: AbortSignal,
): Promise<OldImage[]> {
  const found = await Promise.all(
    [...providers.values()].map(async ({ name, images }): Promise<OldImage[]> => {
      const { current, maxAgeDays } = await images.status(signal);
      const isOld = current !== null && isTooOld(current, maxAgeDays, nowMs);
      return isOld ? [{ provider: name, days: daysOld(current, nowMs) }] : [];
    }),
  );
  return found.flat();
}
