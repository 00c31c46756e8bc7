import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
/** Whoever opens the README loads all of them. */
const MOST_BYTES = 120 * 1024;
const OPTIONS = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

export interface Camera extends AsyncDisposable {
  /** Writes a PNG of the whole page, `width` pixels of its own wide and twice as sharp. */
  shoot(html: string, width: number, file: string): Promise<void>;
}

/** A browser without a network and with a profile of its own. */
export async function openCamera(): Promise<Camera> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // As root there is no sandbox; the pages are made here and load nothing.
    chromiumSandbox: process.getuid?.() !== 0,
    args: OPTIONS,
  });
  return {
    async shoot(html, width, file) {
      const page = await browser.newPage({ viewport: { width, height: 100 }, deviceScaleFactor: 2, offline: true });
      await page.setContent(html);
      await page.screenshot({ path: file, fullPage: true });
      await page.close();
      await promisify(execFile)("pngquant", ["--force", "--strip", "--output", file, "64", file]);
      const { size } = await stat(file);
      if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}.`);
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
