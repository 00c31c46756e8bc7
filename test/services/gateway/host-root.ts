import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostShell, RunResult } from "../../../services/host-shell/host-shell.ts";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { hostCalled } from "./host.ts";

const AGENT = 1000;
/** Whatever the scripts run that is not built into the shell. */
const PROGRAMS =
  "cat chmod chown cp flock install ln mkdir mktemp mv rm sha256sum stat sync systemctl systemd-creds tar";
const SYSTEM = `case $1 in
  encrypt) for last; do :; done; base64 >"$last" ;;
  decrypt) base64 -d /etc/credstore.encrypted/creel-gateway.json ;;
  restart) mkdir -p /run/creel-secrets && base64 -d /etc/credstore.encrypted/creel-gateway.json >/run/creel-secrets/gateway.json ;;
esac`;
/** Notes what runs, and ends everything of its call when enough has. */
const COUNTED = `#!/bin/sh
count=0
printf '%s\\n' "NAME $*" >>/cut/ran
while IFS= read -r _; do count=$((count + 1)); done </cut/ran
IFS= read -r limit </cut/limit
if [ "$count" -gt "$limit" ]; then kill -9 0; fi
PATH=\${PATH#*:}
exec NAME "$@"
`;

/** A root of its own, in which the real scripts run with this machine's programs. systemd's and Podman's are stood in for. Needs root. */
export interface HostRoot extends AsyncDisposable {
  readonly shell: HostShell;
  /** Of the file on this machine. */
  at(path: string): string;
  read(path: string): Promise<string>;
  /**
   * Does something, whose scripts are ended by -9 before the program after the first `programs`. Returns whether that came to pass; otherwise it
   * was done, or has thrown.
   */
  cutAfter(programs: number, act: () => Promise<void>): Promise<boolean>;
  /** Every program with its arguments, since the beginning or the last `cutAfter`. */
  ran(): Promise<readonly string[]>;
}

export async function makeHostRoot(): Promise<HostRoot> {
  const root = await mkdtemp(join(tmpdir(), "creel-root-"));
  const at = (path: string) => join(root, path);
  await chmod(root, 0o755);
  const folders = [
    "usr",
    "dev",
    "proc",
    "run",
    "etc",
    "var/lib/openclaw",
    "var/cache",
    "tmp",
    "fake",
    "counted",
    "cut",
  ];
  for (const path of folders) await mkdir(at(path), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, at(name));
  for (const name of ["passwd", "group"]) await cp(`/etc/${name}`, at(`etc/${name}`));
  // The machine goes on, so it need not wait for its disk.
  for (const name of ["systemctl", "systemd-creds", "quadlet", "sync"]) {
    await writeFile(at(`fake/${name}`), `#!/bin/sh\n${SYSTEM}\n`, { mode: 0o755 });
  }
  for (const name of PROGRAMS.split(" ")) {
    await writeFile(at(`counted/${name}`), COUNTED.replaceAll("NAME", name), { mode: 0o755 });
  }
  await chown(at("var/lib/openclaw"), AGENT, AGENT);
  const unlimited = 1_000_000;
  const limit = async (programs: number) => {
    await writeFile(at("cut/limit"), `${programs}\n`);
    await writeFile(at("cut/ran"), "");
  };
  await limit(unlimited);

  /** With mounts that go away with it. `timeout` gives it a process group of its own, which is what is ended. */
  const inside = `
    mount --rbind /usr ${root}/usr
    mount -t tmpfs tmpfs ${root}/usr/libexec
    mkdir ${root}/usr/libexec/podman && cp ${root}/fake/quadlet ${root}/usr/libexec/podman/
    mount -t tmpfs tmpfs ${root}/usr/local && mkdir ${root}/usr/local/bin && cp ${root}/fake/* ${root}/usr/local/bin/
    mount --rbind /dev ${root}/dev
    exec chroot ${root} env -i PATH=/counted:/usr/local/bin:/usr/sbin:/usr/bin timeout 20 "$@"`;
  const run = (argv: readonly string[], stdin: string | Uint8Array = ""): Promise<RunResult> =>
    new Promise((done) => {
      const child = execFile("unshare", ["--mount", "sh", "-ec", inside, "creel", ...argv], (error, stdout, stderr) => {
        done({ exitCode: error === null ? 0 : typeof error.code === "number" ? error.code : 137, stdout, stderr });
      });
      // A script that was ended does not read on.
      child.stdin?.on("error", () => undefined).end(stdin);
    });
  const host = hostCalled("ada-abcdef");
  const rest = await createMemoryHostShells({ find: async () => host }).connect(host);
  const shell: HostShell = {
    ...rest,
    run: (argv, { stdin } = {}) => run(argv, stdin),
    async check(argv, { stdin } = {}) {
      const { exitCode, stdout, stderr } = await run(argv, stdin);
      if (exitCode === 0) return stdout;
      throw new OpsError({ code: "host-command-failed", userMessage: `${argv[3]}: ${exitCode} ${stderr}` });
    },
  };
  const ran = async () => (await readFile(at("cut/ran"), "utf8")).split("\n").filter((line) => line !== "");

  return {
    shell,
    at,
    read: (path) => readFile(at(path), "utf8"),
    ran,
    async cutAfter(programs, act) {
      await limit(programs);
      try {
        await act();
      } catch (error) {
        if ((await ran()).length <= programs) throw error;
      }
      const isCut = (await ran()).length > programs;
      await limit(unlimited);
      return isCut;
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}
