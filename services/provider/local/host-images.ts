import { existsSync } from "node:fs";
import { copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isErrno } from "../../../src/core/errno.ts";
import { OpsError } from "../../../src/core/errors.ts";
import type { LocalImage } from "./cached-images.ts";
import { runChild } from "./child.ts";
import { imageRecordFile, readImageRecord } from "./image-record.ts";
import { requireSpace } from "./machine.ts";
import { namesIn } from "./names-in.ts";

/** What hosts of a kind need of an image for as long as they live. */
export type ImagePart = (typeof PARTS)[number];
const PARTS = ["rootfs", "vm"] as const;

/**
 * Golden images as the hosts of one state folder use them, in `directory` inside of it. They are hard links to the cache's files where both are on one file
 * system, so that they take no room and stay when the cache goes; else they are copies.
 */
export interface HostImages {
  /**
   * Makes sure that the part is here, as a whole or not at all. Returns its name here, which is the image's id. Idempotent; one call at a time.
   * @throws OpsError `capacity`, `image-failed` when the image has gone meanwhile.
   */
  keep(image: LocalImage, part: ImagePart, signal: AbortSignal): Promise<string>;
  /** Where the image of that name is; absolute paths, as records of an older Creel have them, stay what they are. */
  path(name: string): string;
  /** The images that have this part, newest first. */
  withPart(part: ImagePart): Promise<LocalImage[]>;
  /** Idempotent. One call at a time. */
  remove(name: string): Promise<void>;
  /** Removes all others. One call at a time, and none beside `keep`. */
  removeUnused(used: ReadonlySet<string>): Promise<void>;
}

const UNFINISHED = ".new";

export function createHostImages(directory: string): HostImages {
  const path = (name: string) => resolve(directory, name);

  async function keep(golden: LocalImage, part: ImagePart, signal: AbortSignal): Promise<string> {
    const name = golden.id;
    const image = path(name);
    if (existsSync(join(image, part))) return name;
    await mkdir(image, { recursive: true, mode: 0o700 });
    const unfinished = join(image, `${part}${UNFINISHED}`);
    await rm(unfinished, { recursive: true, force: true });
    try {
      await take(join(golden.directory, part), unfinished, golden.sizeBytes, signal);
      await copyFile(imageRecordFile(golden.directory), imageRecordFile(image));
      await rename(unfinished, join(image, part));
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
      // An image without any part is none; one with the other part stays.
      if (!PARTS.some((other) => existsSync(join(image, other)))) await rm(image, { recursive: true });
      throw isErrno(error, "ENOENT") ? gone(golden.directory) : error;
    }
    return name;
  }

  async function withPart(part: ImagePart): Promise<LocalImage[]> {
    const found = await Promise.all(
      (await namesIn(directory)).map(async (name) => {
        const record = existsSync(join(path(name), part)) ? await readImageRecord(path(name)) : null;
        return record && { ...record, id: name, directory: path(name) };
      }),
    );
    return found.filter((image) => image !== null).sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  async function removeUnused(used: ReadonlySet<string>): Promise<void> {
    for (const name of await namesIn(directory)) if (!used.has(name)) await remove(name);
  }

  async function remove(name: string): Promise<void> {
    if ((await namesIn(directory)).includes(name))
      await rm(path(name), { recursive: true, force: true, maxRetries: 5 });
  }

  return { keep, path, withPart, remove, removeUnused };
}

async function take(from: string, to: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const parent = resolve(to, "..");
  if (await canLink(imageRecordFile(resolve(from, "..")), join(parent, `link${UNFINISHED}`))) {
    const linked = await runChild(["cp", "--archive", "--link", from, to], { signal });
    if (linked.exitCode === 0) return;
    // Files of another owner, for one, cannot be linked by everybody.
    await rm(to, { recursive: true, force: true, maxRetries: 5 });
  }
  await requireSpace(parent, sizeBytes, "The image that hosts of this state folder start from");
  const { exitCode, output } = await runChild(["cp", "--archive", "--reflink=auto", from, to], { signal });
  if (exitCode === 0) return;
  if (!existsSync(from)) throw gone(resolve(from, ".."));
  throw new OpsError({
    code: "provider-failed",
    userMessage: `${from} could not be copied into the state folder.`,
    evidence: output.trimEnd().split("\n").slice(-10),
  });
}

async function canLink(file: string, to: string): Promise<boolean> {
  try {
    await rm(to, { force: true });
    await link(file, to);
    await rm(to);
    return true;
  } catch (error) {
    if (["EXDEV", "EPERM", "EMLINK", "EACCES"].some((code) => isErrno(error, code))) return false;
    throw error;
  }
}

function gone(directory: string): OpsError {
  return new OpsError({
    code: "image-failed",
    userMessage: `The golden image ${directory} was removed while a host was being made from it.`,
    hint: "Do it again: the image is built anew when it is needed.",
  });
}
