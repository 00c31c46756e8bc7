// pin-plugin.mjs LOCK_FILE NAME VERSION ARCHIVE: fails unless ARCHIVE is what LOCK_FILE pins for the plugin NAME, under "plugins", which npm does
// not read. One that it does not know is added.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [lockFile, name, version, archive] = process.argv.slice(-4);
const lock = JSON.parse(readFileSync(lockFile, "utf8"));
const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
const pinned = lock.plugins?.[name];
if (pinned === undefined) {
  lock.plugins = { ...lock.plugins, [name]: { version, integrity } };
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
} else if (pinned.version !== version || pinned.integrity !== integrity) {
  throw new Error(
    `${name} ${version} is not the one that is pinned: ${integrity}, not ${pinned.integrity} of ${pinned.version}.`,
  );
}
