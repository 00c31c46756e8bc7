import type { Choice } from "../core/desk.ts";
import { providerOf } from "../core/lane.ts";
import { formatBytes } from "../core/measures.ts";
import { offerWords } from "../core/offers.ts";
import type { Elsewhere } from "../core/sight.ts";
import { type Providers, reachedThrough, selectProvider } from "../operations/providers.ts";

/** What may be chosen; the first is the default. @throws OpsError what providers throw. */
export type Offers = (services: {
  readonly providers: Providers;
  readonly elsewhere: Elsewhere;
}) => Promise<readonly Choice[]>;

/** Those that have workers, in whatever process. */
export const providers: Offers = async (services) => {
  const served = [...(await services.elsewhere.served())].map(providerOf);
  const names = [reachedThrough(services.providers, null), ...served, ...services.providers.keys()];
  return [...new Set(names)].map((value) => ({ value, label: value }));
};

/** Of the default provider. */
export const regions: Offers = async (services) => {
  const { regions } = await selectProvider(services.providers, null).offers();
  return regions.map((value) => ({ value, label: value }));
};

/** Of the default provider. */
export const sizes: Offers = async (services) => {
  const { regions, sizes } = await selectProvider(services.providers, null).offers();
  return sizes.map((size) => {
    const { name, cpus, memoryMb, diskGb } = size;
    const machine = [`${cpus} ${cpus === 1 ? "CPU" : "CPUs"}`, formatBytes(memoryMb * 1e6), `${diskGb} GB disk`];
    return { value: name, label: `${name} (${[...machine, ...offerWords(size, regions)].join(", ")})` };
  });
};
