import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { notReady, rpcFailed } from "./failures.ts";
import type { Gateway, GatewayHealth, GatewaySpec, GatewayState } from "./gateway.ts";
import { installFiles } from "./install-files.ts";
import { SECRETS_FILE, UNIT } from "./paths.ts";
import { askReadiness, explain } from "./readiness.ts";
import { rpcHello } from "./rpc.ts";
import { requireScopes } from "./scopes.ts";
import { tarOf } from "./tar.ts";
import { CONFIG_EXIT_STATUS, memoryOf, type UnitState, unitState } from "./unit-state.ts";

const INSTALL = readFileSync(new URL("./install.sh", import.meta.url), "utf8");
/** Earlier failures, and Creel's own stops and starts, count against the start limit: it has to be forgotten first. */
const START = `systemctl reset-failed ${UNIT} 2>/dev/null; exec systemctl start ${UNIT}`;
const NOT_LOADED = 5;
const EVIDENCE_LINES = 30;
/** Asking systemd costs the booting host a process; a gateway that failed stays failed, so it need not be asked at every look. */
const UNIT_LOOK_INTERVAL_MS = 1000;
/** Longer than the unit's own TimeoutStopSec. */
const STOP_TIMEOUT_MS = 350_000;

const secretsFile = z.object({ gatewayToken: z.string().min(1) });

export interface QuadletGatewayOptions {
  /** Hears of every token that passes through, so that it can be hidden in logs. */
  readonly onSecret?: (secret: Secret) => void;
}

/** The real gateway: Podman under systemd by Quadlet. */
export function createQuadletGateway({ onSecret = () => undefined }: QuadletGatewayOptions = {}): Gateway {
  const lastUnitLook = new WeakMap<HostShell, number>();
  const token = async (shell: HostShell): Promise<Secret> => {
    const secret = await readToken(shell);
    onSecret(secret);
    return secret;
  };
  return {
    async install(shell, spec, signal) {
      await shell.check(["sh", "-c", INSTALL, "creel-install"], {
        stdin: installInput(spec),
        signal,
        timeoutMs: 120_000,
      });
    },

    async start(shell, signal) {
      await shell.check(["sh", "-c", START, "creel-start"], { signal, timeoutMs: 150_000 });
      lastUnitLook.delete(shell);
    },

    async checkReady(shell, port, signal) {
      const answer = await askReadiness(shell, port, signal);
      if (answer.ready) return;
      const now = performance.now();
      const last = lastUnitLook.get(shell);
      if (last !== undefined && now - last < UNIT_LOOK_INTERVAL_MS) throw notReady(answer.why);
      lastUnitLook.set(shell, now);
      throw await explain(await unitState(shell, signal), answer, () => readLogs(shell, EVIDENCE_LINES));
    },

    async checkAccess(shell, port, signal) {
      const hello = await rpcHello(shell, port, await token(shell), signal);
      requireScopes(hello.scopes);
      return hello;
    },

    async health(shell, port) {
      const unit = await unitState(shell);
      const state = await gatewayState(shell, port, unit);
      const running = unit.active === "active";
      return {
        state,
        version: state === "ready" ? await versionOf(shell, port, token) : null,
        startedAtMs: running ? unit.startedAtMs : null,
        memoryBytes: running ? await memoryOf(shell, unit) : null,
        restarts: unit.restarts,
      } satisfies GatewayHealth;
    },

    logs: readLogs,

    async stop(shell, signal) {
      const argv = ["systemctl", "stop", UNIT] as const;
      const { exitCode, stderr } = await shell.run([...argv], { signal, timeoutMs: STOP_TIMEOUT_MS });
      if (exitCode === 0 || exitCode === NOT_LOADED) return;
      throw new OpsError({
        code: "host-command-failed",
        userMessage: "The gateway could not be stopped.",
        evidence: stderr.trimEnd().split("\n").slice(-EVIDENCE_LINES),
      });
    },
  };
}

function installInput(spec: GatewaySpec): Buffer {
  const token = spec.token?.reveal() ?? randomBytes(32).toString("base64url");
  const secrets = `${JSON.stringify({ gatewayToken: token })}\n`;
  return Buffer.concat([Buffer.from(secrets), tarOf(installFiles(spec))]);
}

async function gatewayState(shell: HostShell, port: number, unit: UnitState): Promise<GatewayState> {
  switch (unit.active) {
    case "absent":
      return "absent";
    case "inactive":
      return "stopped";
    case "failed":
      return unit.exitStatus === CONFIG_EXIT_STATUS ? "config-invalid" : "crashed";
    case "deactivating":
      return "draining";
    case "activating":
      return "starting";
    case "active":
      return (await askReadiness(shell, port)).ready ? "ready" : "starting";
  }
}

/** Health must not fail because one detail is missing. */
async function versionOf(
  shell: HostShell,
  port: number,
  token: (shell: HostShell) => Promise<Secret>,
): Promise<string | null> {
  try {
    return (await rpcHello(shell, port, await token(shell))).version;
  } catch (error) {
    if (error instanceof OpsError) return null;
    throw error;
  }
}

/** Read from the host every time it is needed: Creel keeps no copy. */
async function readToken(shell: HostShell): Promise<Secret> {
  const text = await shell.check(["cat", SECRETS_FILE]);
  try {
    return new Secret(secretsFile.parse(JSON.parse(text)).gatewayToken);
  } catch {
    // The cause would quote the file.
    throw rpcFailed("the secrets file on the host does not hold its token");
  }
}

async function readLogs(shell: HostShell, lines: number): Promise<string[]> {
  const argv = [
    "journalctl",
    `--unit=${UNIT}`,
    `--lines=${lines}`,
    "--output=short-iso",
    "--no-hostname",
    "--no-pager",
  ] as const;
  const output = await shell.check([...argv, "--quiet"]);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .slice(-lines);
}
