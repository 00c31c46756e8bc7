import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { HostSystem } from "../system/system.ts";
import { askAgent, modelOfAnswer, stopTurn } from "./ask.ts";
import { channelLooks, startHeldBack } from "./channels.ts";
import { containerBroken, notReady, secretsMissing } from "./failures.ts";
import type { Gateway } from "./gateway.ts";
import { lookAround, lookAtGateway } from "./health.ts";
import { hostScript, unitFiles } from "./install-files.ts";
import { tidyLogLine } from "./log-line.ts";
import { toldByLog } from "./log-words.ts";
import { lookOutside } from "./network.ts";
import { openclawConfig } from "./openclaw-config.ts";
import { pageLink } from "./page.ts";
import { SECRETS_FILE, UNIT } from "./paths.ts";
import { quadletSettings } from "./quadlet-settings.ts";
import { askReadiness, explain, explainEnd } from "./readiness.ts";
import { withRpc } from "./rpc.ts";
import { requireScopes } from "./scopes.ts";
import { heldSecrets, secretMapIn, secretsLines, tokenOnly } from "./secret-map.ts";
import { type TarFile, tarOf } from "./tar.ts";
import { CONFIG_EXIT_STATUS, unitState } from "./unit-state.ts";

const INSTALL = hostScript("install.sh");
/** Earlier failures, and Creel's own stops and starts, count against the start limit: it has to be forgotten first. */
const START = `systemctl reset-failed ${UNIT} 2>/dev/null; exec systemctl start ${UNIT}`;
const REPAIR = hostScript("repair.sh");
const REPAIR_TIMEOUT_MS = 150_000;
/** Exit status of `repair.sh`. */
const NO_SECRETS = 66;
const NO_CONFIGURATION = 67;
const RESUMABLE: ReadonlySet<number> = new Set([NO_SECRETS, NO_CONFIGURATION]);
const NOT_LOADED = 5;
const EVIDENCE_LINES = 30;
/** Asking systemd costs the booting host a process; a gateway that failed stays failed, so it need not be asked at every look. */
const UNIT_LOOK_INTERVAL_MS = 1000;
/** Longer than the unit's own TimeoutStopSec. */
const STOP_TIMEOUT_MS = 350_000;

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
  async function checkReady(shell: HostShell, port: number, signal: AbortSignal): Promise<void> {
    const answer = await askReadiness(shell, port, signal);
    if (answer.ready) return;
    const now = performance.now();
    const last = lastUnitLook.get(shell);
    if (last !== undefined && now - last < UNIT_LOOK_INTERVAL_MS) throw notReady(answer.why);
    lastUnitLook.set(shell, now);
    throw await explain(await unitState(shell, signal), answer, () => readLogs(shell, EVIDENCE_LINES));
  }

  return {
    async install(shell, spec, signal) {
      // Names of secrets go by the token, which the host may have already.
      const held = spec.setup.secrets.size > 0 ? await heldSecrets(shell, signal) : "any";
      const map = held === "any" || held === null ? tokenOnly(spec.token) : held.map;
      const { text, secrets } = openclawConfig(spec, map);
      const stdin = Buffer.concat([
        Buffer.from(secretsLines({ ...map, ...secrets }, held)),
        tarOf([
          ...unitFiles(spec),
          { path: "openclaw.json", content: text },
          ...(spec.workspace ?? []).map((file) => ({ ...file, below: "workspace" })),
        ]),
      ]);
      await shell.check(["sh", "-c", install, "creel-install"], { stdin, signal, timeoutMs: 120_000 });
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

    checkReady,

    async checkAccess(shell, port, signal) {
      const hello = await withRpc({ shell, port, token: await token(shell), signal }, async (session) => session.hello);
      requireScopes(hello.scopes);
      return hello;
    },

    health: (shell, port) => lookAtGateway(shell, { port, token, logs: (where) => readLogs(where, EVIDENCE_LINES) }),

    async repair(shell, spec, signal) {
      const units = unitFiles(spec);
      const isRefused = await refusesConfiguration(shell, signal);
      const first = isRefused
        ? null
        : await runRepair(shell, repair, { isRefused, lines: secretsLines(null, "any"), files: units }, signal);
      if (first?.exitCode === 0) return first.repaired;
      const held = await heldSecrets(shell, signal);
      const map = held?.map ?? tokenOnly(await spec.token());
      const { text, secrets } = openclawConfig({ ...spec, setup: await spec.setup() }, map);
      const files = [...units, { path: "openclaw.json", content: text }];
      const lines = secretsLines({ ...map, ...secrets }, held);
      const second = await runRepair(shell, repair, { isRefused, lines, files }, signal);
      if (second.exitCode !== 0) throw secretsMissing(second.complaint);
      return [...(first?.repaired ?? []), ...second.repaired];
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
      answeredBy: async (shell, port, key, signal) =>
        await withRpc({ shell, port, token: await token(shell), signal }, (session) => modelOfAnswer(session, key)),
      stop: async (shell, port, key, signal) =>
        await withRpc({ shell, port, token: await token(shell), signal }, (session) => stopTurn(session, key)),
      channels: async (shell, port, signal) =>
        await withRpc({ shell, port, token: await token(shell), signal }, channelLooks),
      async page(shell, port, signal) {
        const link = await pageLink(shell, port, signal);
        if (link !== null) onSecret(link);
        return link;
      },
    },
    settings: quadletSettings({ system, token, checkReady }),
  };
}

interface Repair {
  readonly isRefused: boolean;
  /** For `change_secrets`. */
  readonly lines: string;
  readonly files: readonly TarFile[];
}

/** @throws OpsError `gateway-crashed`, unless it is only secrets or the configuration that are missing. */
async function runRepair(shell: HostShell, script: string, repair: Repair, signal: AbortSignal) {
  const argv = ["sh", "-c", script, "creel-repair", ...(repair.isRefused ? ["refused"] : [])] as const;
  const stdin = Buffer.concat([Buffer.from(repair.lines), tarOf(repair.files)]);
  const { exitCode, stdout, stderr } = await shell.run([...argv], { stdin, signal, timeoutMs: REPAIR_TIMEOUT_MS });
  const complaint = lines(stderr).slice(-EVIDENCE_LINES);
  if (exitCode !== 0 && !RESUMABLE.has(exitCode ?? -1)) throw containerBroken(complaint);
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
  return new Secret(secretMapIn(text).gatewayToken);
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
