import { execFile } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { openChromium } from "../chromium.ts";

/** Whoever opens the README loads all of them. */
const MOST_BYTES = 120 * 1024;

export interface Camera extends AsyncDisposable {
  /** Writes a PNG of the whole page, `width` pixels of its own wide and twice as sharp. */
  shoot(html: string, width: number, file: string): Promise<void>;
  /** Writes a PNG that was taken elsewhere. */
  keep(png: Buffer, file: string): Promise<void>;
}

/** A browser without a network. */
export async function openCamera(): Promise<Camera> {
  const browser = await openChromium();
  return {
    async shoot(html, width, file) {
      const page = await browser.newPage({ viewport: { width, height: 100 }, deviceScaleFactor: 2, offline: true });
      await page.setContent(html);
      await page.screenshot({ path: file, fullPage: true });
      await page.close();
      await reduce(file);
    },
    async keep(png, file) {
      await writeFile(file, png);
      await reduce(file);
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function reduce(file: string): Promise<void> {
  await promisify(execFile)("pngquant", ["--force", "--strip", "--output", file, "64", file]);
  const { size } = await stat(file);
  if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}.`);
}
