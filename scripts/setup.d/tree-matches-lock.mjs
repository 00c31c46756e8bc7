// Exits 0 when node_modules holds exactly what package-lock.json names. Run in the project's folder by whatever Node is there.
import { existsSync, readFileSync } from "node:fs";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const wanted = read("package-lock.json").packages;
const paths = Object.keys(wanted).filter((path) => path !== "");
/** Looked up on the disk: npm's list in node_modules may tell of another tree, when the folder was copied. */
const isRight = (path) =>
  // Packages for other systems are in the lock file and rightly not here.
  existsSync(`${path}/package.json`)
    ? read(`${path}/package.json`).version === wanted[path].version
    : wanted[path].optional === true;
const known = Object.keys(read("node_modules/.package-lock.json").packages);
process.exit(paths.every(isRight) && known.every((path) => path in wanted) ? 0 : 1);
