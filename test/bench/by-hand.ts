import { type ChildProcess, execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unitFiles } from "../../services/gateway/install-files.ts";
import { openclawConfig } from "../../services/gateway/openclaw-config.ts";
import { tokenOnly } from "../../services/gateway/secret-map.ts";
import type { GatewaySetup } from "../../services/gateway/settings.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import type { LocalImage } from "../../services/provider/local/cached-images.ts";
import { prepareUpper } from "../../services/provider/local/nspawn/disk.ts";
import { NO_SETTINGS } from "../../src/core/agent-settings.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";
import { Secret } from "../../src/core/secrets.ts";

/** What there is to do with a gateway that is ready, over a socket that leads to it. */
export interface Afterwards {
  readonly setup: GatewaySetup;
  /** Of this machine, which the setup leads to. */
  readonly address: string;
  readonly prove: (socket: string, token: Secret) => Promise<void>;
}

const SCRIPT = fileURLToPath(new URL("by-hand.sh", import.meta.url));
const MEMORY_MB = 2048;
const LIMIT_MS = 300_000;
const run = promisify(execFile);

/** Seconds from nothing to ready, or to the end of `afterwards`. Whatever can be prepared is prepared before: the host's files, the key, the gateway's files. */
export async function deployByHand(image: LocalImage, afterwards: Afterwards | null = null): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), "by-hand-"));
  try {
    const authorizedKey = await createSshShells({ keyFile: join(work, "key") }).authorizedKey();
    const host = {
      ...({ managedBy: "creel", name: parseHostName("by-hand"), agent: parseAgentName("by-hand") } as const),
      ...{ operation: parseOperationId("0123456789abcdef"), createdAtMs: 0, region: "local", size: "small" },
      ...{
        cpus: 2,
        memoryMb: MEMORY_MB,
        diskGb: 20,
        hostKeyFingerprint: "",
        nextHostKeyFingerprint: null,
        image: image.directory,
      },
      place: { driver: "nspawn", index: 0, address: "127.0.0.1" } as const,
      userData: `#cloud-config\n${JSON.stringify({ ssh_authorized_keys: [authorizedKey], ssh_genkeytypes: ["ed25519"] })}\n`,
    };
    await prepareUpper(host, work, []);
    const gateway = { memoryMb: MEMORY_MB, port: 18_789, containerImage: image.containerImage };
    const setup = afterwards?.setup ?? { settings: NO_SETTINGS, secrets: new Map() };
    const { text: config, secrets } = openclawConfig({ ...gateway, setup }, tokenOnly(null));
    writeFileSync(join(work, "secrets.json"), `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
    for (const { path, content } of [...unitFiles(gateway), { path: "openclaw.json", content: config }]) {
      mkdirSync(dirname(join(work, "files", path)), { recursive: true });
      writeFileSync(join(work, "files", path), content);
    }
    const args = [SCRIPT, join(image.directory, "rootfs"), work, ...(afterwards === null ? [] : [afterwards.address])];
    const running = run("bash", args, { timeout: LIMIT_MS });
    const said = lines(running.child);
    const proving = async () => {
      await said("ready");
      const readyMs = performance.now();
      if (afterwards !== null) {
        await said("forwarded");
        await afterwards.prove(join(work, "gateway.sock"), new Secret(secrets.gatewayToken));
      }
      return (performance.now() - readyMs) / 1000;
    };
    const proof = proving().finally(() => running.child.stdin?.end());
    proof.catch(() => undefined);
    const { stdout } = await running;
    const seconds = /^ready ([\d.]+)$/m.exec(stdout)?.[1];
    if (seconds === undefined) throw new Error(`by-hand.sh did not say how long it took:\n${stdout}`);
    return Number(seconds) + (afterwards === null ? 0 : await proof);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Waits until it has printed a line that begins with a word. Never when it ends first. */
function lines(child: ChildProcess): (word: string) => Promise<void> {
  let printed = "";
  const looks = new Set<() => void>();
  child.stdout?.on("data", (text: string) => {
    printed += text;
    for (const look of looks) look();
  });
  return (word) =>
    new Promise((resolve) => {
      const look = () => {
        if (`\n${printed}`.includes(`\n${word}`)) resolve();
      };
      looks.add(look);
      look();
    });
}
