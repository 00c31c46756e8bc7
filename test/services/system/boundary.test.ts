import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { guest } from "../../../services/provider/local/guest.ts";
import { debian } from "../../../services/system/debian/debian.ts";

const project = resolve(import.meta.dirname, "../../..");

/** What only a system may say of itself: its package manager, what sets it up, its units and folders. */
const OF_A_SYSTEM =
  /\bapt(?:-get)?\b|\bdpkg\b|cloud-init|unattended-upgrade|\/etc\/(?:ssh|cloud|apt|systemd|sysctl|nftables|containers\/systemd)\b|\/var\/lib\/cloud\b|\/usr\/libexec\/podman|\/usr\/lib\/creel|\bsshd?\.service\b|reboot-required/i;

/** Where such words are about something else than a host. */
const ABOUT_OTHER_THINGS: Readonly<Record<string, string>> = {
  "services/provider/local/machine.ts": "how the machine that Creel runs on gets a program",
  "src/jobs/redis-process/embedded-redis.ts": "how the machine that Creel runs on gets Redis",
  "services/provider/local/build/container-base.sh": "the gateway's container image is Debian, whatever its host is",
  "services/provider/local/guest.ts": "names the folder that is the system's",
};

const folders = ["src", "services", "commands", "quadlet"].map((folder) => join(project, folder));
const files = folders
  .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(project, join(entry.parentPath, entry.name)))
  .filter((file) => !file.startsWith("services/system/"));

/** Lines that speak of a system, with their numbers. */
function linesIn(file: string): string[] {
  const lines = readFileSync(join(project, file), "utf8").split("\n");
  return lines.flatMap((line, index) => (OF_A_SYSTEM.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

describe("what is particular to a system", () => {
  it("is said in services/system and nowhere else", () => {
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((file) => !(file in ABOUT_OTHER_THINGS)).flatMap(linesIn)).toEqual([]);
  });

  it.each(Object.entries(ABOUT_OTHER_THINGS))("is excused in %s: %s", (file) => {
    expect(linesIn(file)).not.toEqual([]);
  });

  it("would be noticed", () => {
    expect(
      debian
        .script("")
        .split("\n")
        .filter((line) => OF_A_SYSTEM.test(line)).length,
    ).toBeGreaterThan(2);
  });

  it("is the same for the images that are made here", () => {
    const { units, image } = debian.paths;
    expect(guest).toMatchObject({ system: debian.name, units: units.slice(1), brings: image.slice(1) });
  });
});
