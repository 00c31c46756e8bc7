// Exits 0 when node_modules holds exactly what package-lock.json names. Run in the project's folder by whatever Node is there.
import { readFileSync } from "node:fs";

const installed = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8")).packages;
const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
const same = (path) => installed[path]?.version === wanted[path].version;
const missing = Object.keys(wanted).some((path) => path !== "" && !same(path) && !wanted[path].optional);
const extra = Object.keys(installed).some((path) => !(path in wanted));
process.exit(missing || extra ? 1 : 0);
