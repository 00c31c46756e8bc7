import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";

const LISTENING = "0A";

/** Which program of this machine listens on a TCP port, such as `node (pid 123)`; null when that cannot be seen, as with those of other users. */
export async function listenerOn(port: number): Promise<string | null> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map(readOrNothing));
  const inodes = new Set(tables.flatMap((table) => inodesOf(table, port)));
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
    if (!targets.some((target) => inodes.has(target))) continue;
    // The first word only: others may be nobody's business. What a process calls itself is the name of a thread for some.
    const [program = ""] = (await readOrNothing(`/proc/${pid}/cmdline`)).split(/[\0 :]/, 1);
    return `${basename(program)} (pid ${pid})`;
  }
  return null;
}

/** As the kernel names what processes have open. */
function inodesOf(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && local.endsWith(`:${hex}`) ? [`socket:[${inode}]`] : [];
  });
}

async function readOrNothing(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
