import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Whether any file below `directory` holds `text`; sockets and what disappears meanwhile are passed over. Returns their paths. */
export function filesWith(directory: string, text: string): string[] {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return found
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      try {
        return readFileSync(path).includes(text);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
        throw error;
      }
    });
}

/** Looks at the arguments and environments of all processes of this machine, those inside nspawn hosts included, again and again until stopped. */
export function watchProcesses(text: string, exceptEnvironmentOf: () => readonly number[]) {
  const seen = new Set<string>();
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (readQuietly(`/proc/${pid}/cmdline`).includes(text))
        seen.add(`argv of ${readQuietly(`/proc/${pid}/comm`).trim()}`);
      if (exceptEnvironmentOf().includes(Number(pid)) || Number(pid) === process.pid) continue;
      if (readQuietly(`/proc/${pid}/environ`).includes(text)) {
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

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Processes end while they are looked at.
    return "";
  }
}
