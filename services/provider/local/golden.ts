import { existsSync } from "node:fs";
import { join } from "node:path";
import { stopped } from "../../../src/core/errors.ts";
import type { LocalImage, LocalImages } from "./cached-images.ts";
import type { HostImages, ImagePart } from "./host-images.ts";
import { makeMachineDisk } from "./qemu/machine-disk.ts";

export interface GoldenParts {
  readonly images: LocalImages;
  readonly hostImages: HostImages;
  /** Of the driver that new hosts get. */
  readonly part: () => Promise<ImagePart>;
  /** Brings an image's part into the state folder, and removes images that have become unused. */
  readonly keep: (image: LocalImage, signal: AbortSignal) => Promise<void>;
  readonly requirePaths: () => void;
}

export interface GoldenImages extends LocalImages {
  /** That can be used now; null when there is none of that id. */
  find(id: string): Promise<LocalImage | null>;
}

/**
 * The cache's images together with the images of the state folder, which stand in when the cache has gone. What is built is brought
 * into the state folder at once, so that the next host need not wait for it. Virtual machines need a disk beside the image's root;
 * making it needs root too, so it is made where root is expected.
 */
export function goldenImages({ images, hostImages, part, keep, requirePaths }: GoldenParts): GoldenImages {
  /** Newest first. Of one that is in both places, that of the cache. */
  async function all(): Promise<LocalImage[]> {
    const cached = (await images.status()).all;
    const kept = (await hostImages.withPart(await part())).filter(({ id }) => !cached.some((image) => image.id === id));
    return [...cached, ...kept].sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  /** Those that the driver can make a host from. */
  async function usable(): Promise<LocalImage[]> {
    const needed = await part();
    return (await all()).filter(({ directory }) => existsSync(join(directory, needed)));
  }

  async function current(): Promise<LocalImage | null> {
    const { wanted } = await images.status();
    return (await usable()).find(({ fingerprint }) => fingerprint === wanted) ?? null;
  }

  return {
    ...images,
    current,
    async status(signal) {
      if (signal?.aborted) throw stopped(signal);
      return { ...(await images.status()), current: await current(), all: await all() };
    },
    find: async (id) => (await usable()).find((image) => image.id === id) ?? null,
    async build(report, signal, options) {
      requirePaths();
      const before = await current();
      const made =
        before === null || options?.force
          ? await images.build(report, signal, options)
          : { image: before, built: false };
      if ((await part()) === "vm") {
        report({ stage: "Making the disk for virtual machines", number: 1, of: 1 });
        await makeMachineDisk(made.image.directory, signal);
      }
      await keep(made.image, signal);
      return made;
    },
  };
}
