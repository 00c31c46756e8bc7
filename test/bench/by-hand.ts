import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unitFiles } from "../../services/gateway/install-files.ts";
import { openclawConfig } from "../../services/gateway/openclaw-config.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import type { LocalImage } from "../../services/provider/local/cached-images.ts";
import { prepareUpper } from "../../services/provider/local/nspawn/disk.ts";
import { NO_SETTINGS } from "../../src/core/agent-settings.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";

const SCRIPT = fileURLToPath(new URL("by-hand.sh", import.meta.url));
const MEMORY_MB = 2048;
const LIMIT_MS = 300_000;
const run = promisify(execFile);

/** Seconds from nothing to ready. Whatever can be prepared is prepared before: the host's files, the key, the gateway's files. */
export async function deployByHand(image: LocalImage): Promise<number> {
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
    const setup = { settings: NO_SETTINGS, secrets: new Map() };
    const config = openclawConfig({ ...gateway, setup }, { gatewayToken: "not needed for a reference to it" }).text;
    for (const { path, content } of [...unitFiles(gateway), { path: "openclaw.json", content: config }]) {
      mkdirSync(dirname(join(work, "files", path)), { recursive: true });
      writeFileSync(join(work, "files", path), content);
    }
    const { stdout } = await run("bash", [SCRIPT, join(image.directory, "rootfs"), work], { timeout: LIMIT_MS });
    const seconds = /^ready ([\d.]+)$/m.exec(stdout)?.[1];
    if (seconds === undefined) throw new Error(`by-hand.sh did not say how long it took:\n${stdout}`);
    return Number(seconds);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
