import { randomBytes } from "node:crypto";
import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { HostSystem } from "../system/system.ts";
import { askAgent } from "./ask.ts";
import { channelLooks, startHeldBack } from "./channels.ts";
import { containerBroken, notReady, rpcFailed, secretsMissing } from "./failures.ts";
import type { Gateway, GatewaySpec, RepairSpec } from "./gateway.ts";
import { lookAround, lookAtGateway } from "./health.ts";
import { hostScript, installFiles } from "./install-files.ts";
import { tidyLogLine } from "./log-line.ts";
import { toldByLog } from "./log-words.ts";
import { lookOutside } from "./network.ts";
import { pageLink } from "./page.ts";
import { SECRETS_FILE, UNIT } from "./paths.ts";
import { askReadiness, explain, explainEnd } from "./readiness.ts";
import { withRpc } from "./rpc.ts";
import { requireScopes } from "./scopes.ts";
import { tarOf } from "./tar.ts";
import { CONFIG_EXIT_STATUS, unitState } from "./unit-state.ts";

const INSTALL = hostScript("install.sh");
/** Earlier failures, and Creel's own stops and starts, count against the start limit: it has to be forgotten first. */
const START = `systemctl reset-failed ${UNIT} 2>/dev/null; exec systemctl start ${UNIT}`;
const REPAIR = hostScript("repair.sh");
const REPAIR_TIMEOUT_MS = 150_000;
/** Exit status of `repair.sh`. */
const NO_SECRETS = 66;
const NOT_LOADED = 5;
const EVIDENCE_LINES = 30;
/** Asking systemd costs the booting host a process; a gateway that failed stays failed, so it need not be asked at every look. */
const UNIT_LOOK_INTERVAL_MS = 1000;
/** Longer than the unit's own TimeoutStopSec. */
const STOP_TIMEOUT_MS = 350_000;

const secretsFile = z.object({ gatewayToken: z.string().min(1) });

export interface QuadletGatewayOptions {
  /** That the hosts have. */
  readonly system: Pick<HostSystem, "script">;
  /** Hears of every token that passes through, so that it can be hidden in logs. */
  readonly onSecret?: (secret: Secret) => void;
}

/** The real gateway: Podman under systemd by Quadlet. */
export function createQuadletGateway({ system, onSecret = () => undefined }: QuadletGatewayOptions): Gateway {
  const install = system.script(INSTALL);
  const repair = system.script(REPAIR);
  const lastUnitLook = new WeakMap<HostShell, number>();
  const token = async (shell: HostShell): Promise<Secret> => {
    const secret = await readToken(shell);
    onSecret(secret);
    return secret;
  };
  return {
    async install(shell, spec, signal) {
      await shell.check(["sh", "-c", install, "creel-install"], {
        stdin: installInput(spec),
        signal,
        timeoutMs: 120_000,
      });
    },

    async start(shell, signal) {
      lastUnitLook.delete(shell);
      try {
        await shell.check(["sh", "-c", START, "creel-start"], { signal, timeoutMs: 150_000 });
      } catch (error) {
        const isAnswer = error instanceof OpsError && error.code === "host-command-failed" && error.retry === "never";
        throw isAnswer ? await cannotBegin(shell, error) : error;
      }
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
      const hello = await withRpc({ shell, port, token: await token(shell), signal }, async (session) => session.hello);
      requireScopes(hello.scopes);
      return hello;
    },

    health: (shell, port) => lookAtGateway(shell, { port, token, logs: (where) => readLogs(where, EVIDENCE_LINES) }),

    async repair(shell, spec, signal) {
      const isRefused = await refusesConfiguration(shell, signal);
      const first = await runRepair(shell, repair, { spec, isRefused, secrets: "" }, signal);
      if (first.exitCode !== NO_SECRETS) return first.repaired;
      const again = { spec, isRefused: false, secrets: secretsLine(await spec.token()) };
      const second = await runRepair(shell, repair, again, signal);
      if (second.exitCode === NO_SECRETS) throw secretsMissing(second.complaint);
      return [...first.repaired, ...second.repaired];
    },

    async resumeChannels(shell, port, signal) {
      return await withRpc({ shell, port, token: await token(shell), signal }, startHeldBack);
    },

    lookOutside,
    logs: readLogs,

    async stop(shell, signal) {
      const argv = ["systemctl", "stop", UNIT] as const;
      const { exitCode, stderr } = await shell.run([...argv], { signal, timeoutMs: STOP_TIMEOUT_MS });
      if (exitCode === 0 || exitCode === NOT_LOADED) return;
      throw new OpsError({
        code: "host-command-failed",
        userMessage: "The gateway could not be stopped.",
        evidence: lines(stderr).slice(-EVIDENCE_LINES),
      });
    },

    talk: {
      ask: async (shell, port, turn, signal) =>
        await withRpc({ shell, port, token: await token(shell), signal }, (session) => askAgent(session, turn, signal)),
      channels: async (shell, port, signal) =>
        await withRpc({ shell, port, token: await token(shell), signal }, channelLooks),
      async page(shell, port, signal) {
        const link = await pageLink(shell, port, signal);
        onSecret(link);
        return link;
      },
    },
  };
}

function installInput(spec: GatewaySpec): Buffer {
  return Buffer.concat([Buffer.from(`${secretsLine(spec.token)}\n`), tarOf(installFiles(spec))]);
}

/** null: a random token. */
function secretsLine(token: Secret | null): string {
  const gatewayToken = token?.reveal() ?? randomBytes(32).toString("base64url");
  return JSON.stringify({ gatewayToken });
}

interface Repair {
  readonly spec: RepairSpec;
  readonly isRefused: boolean;
  /** Empty: the host has to have its own. */
  readonly secrets: string;
}

/** @throws OpsError `gateway-crashed`, unless it is only secrets that are missing. */
async function runRepair(shell: HostShell, script: string, repair: Repair, signal: AbortSignal) {
  const { spec, isRefused, secrets } = repair;
  const argv = ["sh", "-c", script, "creel-repair", ...(isRefused ? ["refused"] : [])] as const;
  const stdin = Buffer.concat([Buffer.from(`${secrets}\n`), tarOf(installFiles(spec))]);
  const { exitCode, stdout, stderr } = await shell.run([...argv], { stdin, signal, timeoutMs: REPAIR_TIMEOUT_MS });
  const complaint = lines(stderr).slice(-EVIDENCE_LINES);
  if (exitCode !== 0 && exitCode !== NO_SECRETS) throw containerBroken(complaint);
  return { exitCode, repaired: lines(stdout), complaint };
}

/** Whether it ended because of its configuration, and not because of something else that has the same exit status. */
async function refusesConfiguration(shell: HostShell, signal: AbortSignal): Promise<boolean> {
  const unit = await unitState(shell, signal);
  if (unit.active !== "failed" || unit.exitStatus !== CONFIG_EXIT_STATUS) return false;
  return toldByLog(await readLogs(shell, EVIDENCE_LINES)) === null;
}

/** What `systemctl start` says explains little; what it left behind does. */
async function cannotBegin(shell: HostShell, failure: OpsError): Promise<OpsError> {
  const [unit, surroundings] = await Promise.all([unitState(shell), lookAround(shell)]);
  if (unit.active === "absent") return failure;
  const logs = await readLogs(shell, EVIDENCE_LINES);
  if (!surroundings.hasSecrets) return secretsMissing(logs);
  return explainEnd(unit, logs);
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

async function readLogs(shell: HostShell, count: number): Promise<string[]> {
  const argv = [
    "journalctl",
    `--unit=${UNIT}`,
    `--lines=${count}`,
    "--output=short-iso",
    "--no-hostname",
    "--no-pager",
  ] as const;
  const printed = lines(await shell.check([...argv, "--quiet"])).slice(-count);
  return printed.map((line) => tidyLogLine(line, UNIT.replace(/\.service$/, "")));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
