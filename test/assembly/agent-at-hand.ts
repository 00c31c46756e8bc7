import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { machineName, pidFile } from "../../services/provider/local/qemu/machine-process.ts";
import { createHostRecords } from "../../services/provider/local/record.ts";
import { openPty } from "../pty.ts";
import { startSshServer } from "../services/host-shell/ssh-server.ts";
import { recordOf } from "../services/provider/local/record-of.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/**
 * A state folder in which the agent ada has a virtual machine that is on: a process that is called like one, whose SSH server runs here.
 * `options`: of that server.
 */
export async function agentAtHand(
  options: { readonly gatewayPort?: number; readonly server?: Parameters<typeof startSshServer>[1] } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "creel-hand-"));
  const stateDir = join(folder, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(join(folder, "creel.yaml"), "", { mode: 0o600 });
  const shells = createSshShells({ keyFile: join(stateDir, "ssh", "id_ed25519") });
  const server = await startSshServer(await shells.authorizedKey(), options.server);
  const { sshPort, hostKeyFingerprint } = server.host;
  // Machines are told by their names among all processes.
  const record = recordOf(`ada-${sshPort.toString(36).padStart(6, "0")}`);
  const place = { driver: "qemu", sshPort } as const;
  const records = createHostRecords(join(stateDir, "hosts"), () => undefined);
  const gatewayPort = options.gatewayPort ?? record.gatewayPort;
  await records.write({ ...record, hostKeyFingerprint, gatewayPort, place });
  const called = ["-name", machineName(record.name), "-pidfile", pidFile(records.folder(record.name))];
  const machine = spawn("sh", ["-c", "sleep infinity & wait", ...called], { stdio: "ignore", detached: true });
  const environment = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8", NO_COLOR: "1" },
    ...{ CREEL_STATE_DIR: stateDir, CREEL_CONFIG: join(folder, "creel.yaml") },
  };
  return {
    server,
    /** The real program in a terminal: says which those are, then what it ended with and how it left the terminal. */
    inTerminal: (words: string) =>
      openPty(
        environment,
        `tty; sh -c 'echo "[process $$]"; exec "$@"' sh '${process.execPath}' '${MAIN}' ${words}; echo "[ended with $?]"; stty -a`,
      ),
    withPipes: (...words: string[]) => spawn(process.execPath, [MAIN, ...words], { env: environment }),
    async [Symbol.asyncDispose]() {
      if (machine.pid !== undefined) process.kill(-machine.pid);
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
