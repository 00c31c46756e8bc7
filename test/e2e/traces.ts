import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Which files below `directory` hold any of the lines of `text`. The root file systems of images are passed over unless `everywhere`: they were there
 * before any secret.
 */
export function filesWith(directory: string, text: string, { everywhere = false } = {}): string[] {
  // The pattern on standard input: nothing may have it among its arguments. Status 1 is nothing found, 2 that something disappeared meanwhile.
  const options = ["-rlF", "-D", "skip", ...(everywhere ? [] : ["--exclude-dir=rootfs"]), "-f", "-", directory];
  const { status, stdout } = spawnSync("grep", options, { input: text, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status === null || status > 2) throw new Error(`${directory} could not be searched.`);
  return stdout.split("\n").filter((path) => path !== "");
}

/**
 * Looks for any of the texts in the arguments and environments of all processes of this machine, those inside nspawn hosts included, again and again
 * until stopped.
 */
export function watchProcesses(texts: readonly string[], exceptEnvironmentOf: () => readonly number[]) {
  const has = (found: string) => texts.some((text) => found.includes(text));
  const seen = new Set<string>();
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    // A program that is just being started is a copy of who starts it until it has a command line of its own.
    const excepted = new Set([...exceptEnvironmentOf(), process.pid].map(commandLine));
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (has(commandLine(pid))) seen.add(`argv of ${readQuietly(`/proc/${pid}/comm`).trim()}`);
      if (excepted.has(commandLine(pid))) continue;
      if (has(readQuietly(`/proc/${pid}/environ`))) {
        seen.add(`environment of ${readQuietly(`/proc/${pid}/comm`).trim()}`);
      }
    }
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return { seen: [...seen], looks };
    },
  };
}

/** Kernel objects a local host consists of, which must not outlive it. */
export function leftovers(stateDir: string): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(stateDir));
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => Number(pid) !== process.pid && readQuietly(`/proc/${pid}/cmdline`).includes(stateDir))
    .map((pid) => `process ${pid}: ${readQuietly(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);
  return [...mounts, ...processes];
}

/** Names of the network namespaces that Creel made on this machine. */
export function networkNamespaces(): string[] {
  const output = execFileSync("ip", ["netns", "list"], { encoding: "utf8" });
  return output
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith("creel"));
}

function commandLine(pid: number | string): string {
  return readQuietly(`/proc/${pid}/cmdline`);
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Processes end while they are looked at.
    return "";
  }
}
