import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const OPTIONS = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** A headless browser with a profile of its own, for pages that are made here. */
export async function openChromium(): Promise<Browser> {
  // As root there is no sandbox.
  return await chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: process.getuid?.() !== 0,
    args: OPTIONS,
  });
}
