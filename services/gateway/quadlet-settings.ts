import { z } from "zod";
import { NO_SETTINGS } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { type Json, parseJson } from "../../src/core/json.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { HostSystem } from "../system/system.ts";
import { complaintsIn } from "./complaints.ts";
import { discordMissing, secretsMissing, settingsRefused } from "./failures.ts";
import type { Gateway } from "./gateway.ts";
import { hostScript } from "./install-files.ts";
import { openclawConfig } from "./openclaw-config.ts";
import { DATA_FOLDER, GIVEN_CONFIG, KEPT_FILE } from "./paths.ts";
import { type HeldSecrets, heldSecrets, onlyUsed, secretsLines, settingOf, tokenOnly } from "./secret-map.ts";
import type { GatewaySettings, SetupSpec } from "./settings.ts";
import { takenLook } from "./taken.ts";
import { tarOf } from "./tar.ts";

const TIMEOUT_MS = 100_000;
/** Of scripts that change secrets, when somebody else has meanwhile. */
const SECRETS_CHANGED = 75;
const TRIES = 3;
/** Of `check.sh`. */
const PLUGIN_MISSING = 69;

interface SettingsHost {
  readonly system: Pick<HostSystem, "script">;
  readonly token: (shell: HostShell) => Promise<Secret>;
  readonly checkReady: Gateway["checkReady"];
}

export function quadletSettings({ system, token, checkReady }: SettingsHost): GatewaySettings {
  const script = (name: string) => system.script(hostScript(name));
  const scripts = {
    ...{ put: script("put.sh"), goBack: script("go-back.sh"), settle: script("settle.sh") },
    ...{ check: script("check.sh"), keep: script("keep.sh") },
  };

  /** Runs a script that changes secrets, again when they are not what they were. */
  async function withSecrets(
    shell: HostShell,
    argv: readonly [string, ...string[]],
    input: (held: HeldSecrets | null) => Promise<Buffer> | Buffer,
    signal: AbortSignal,
  ): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      const stdin = await input(await heldSecrets(shell, signal));
      const { exitCode, stderr } = await shell.run([...argv], { stdin, signal, timeoutMs: TIMEOUT_MS });
      if (exitCode === 0) return;
      if (exitCode !== SECRETS_CHANGED || left <= 1) throw failed(stderr);
    }
  }

  return {
    async check(shell, spec, signal) {
      const held = await heldSecrets(shell, signal);
      const { text } = openclawConfig(spec, held?.map ?? tokenOnly(null));
      const { settings } = spec.setup;
      const isNeeded = settings.channels.discord?.token != null && !(await hasOwnDiscord(shell, signal));
      const plugins = isNeeded ? ["discord"] : [];
      const stdin = tarOf([{ path: "openclaw.json", content: text }]);
      const { exitCode, stdout, stderr } = await shell.run(
        ["sh", "-c", scripts.check, "creel-check", spec.containerImage, ...plugins],
        { stdin, signal, timeoutMs: TIMEOUT_MS },
      );
      if (exitCode === PLUGIN_MISSING) throw discordMissing();
      if (exitCode !== 0) throw commandFailed("OpenClaw could not look at the settings.", stderr);
      const complaints = complaintsIn(stdout, settings);
      if (complaints.length > 0) throw settingsRefused(complaints);
    },

    async renewed(shell, spec, signal) {
      const held = await heldSecrets(shell, signal);
      const { secrets } = openclawConfig(spec, held?.map ?? tokenOnly(null));
      return Object.keys(secrets).flatMap((name) => (held?.map[name] === undefined ? (settingOf(name) ?? []) : []));
    },

    put: (shell, spec, signal) =>
      withSecrets(shell, ["sh", "-c", scripts.put, "creel-put"], (held) => putInput(spec, held), signal),

    taken: takenLook({ token, checkReady }),

    async goBack(shell, signal) {
      await shell.check(["sh", "-c", scripts.goBack, "creel-go-back"], { signal, timeoutMs: TIMEOUT_MS });
    },

    settle: (shell, signal) =>
      withSecrets(
        shell,
        ["sh", "-c", scripts.settle, "creel-settle"],
        async (held) => {
          const { exitCode, stdout } = await shell.run(["cat", GIVEN_CONFIG], { signal });
          const given = exitCode === 0 ? z.json().safeParse(parseJson(stdout)).data : undefined;
          const used: Json | undefined = given;
          const isKnown = held !== null && used !== undefined;
          return Buffer.from(secretsLines(isKnown ? onlyUsed(held.map, used) : null, held));
        },
        signal,
      ),

    async kept(shell, signal) {
      const read = 'if [ -e "$1" ]; then cat "$1"; else echo null; fi';
      const kept = await shell.check(["sh", "-c", read, "creel-kept", KEPT_FILE], { signal });
      const parsed = parseJson(kept);
      return parsed === undefined ? kept : parsed;
    },

    async keep(shell, kept, signal) {
      await shell.check(["sh", "-c", scripts.keep, "creel-keep"], { stdin: JSON.stringify(kept), signal });
    },
  };
}

/** Whether somebody has had OpenClaw install the plugin, where its image comes without it. Only names are looked at: the folder is the agent's. */
async function hasOwnDiscord(shell: HostShell, signal: AbortSignal): Promise<boolean> {
  const look = 'ls -d "$1"/npm/projects/openclaw-discord-*';
  const { exitCode } = await shell.run(["sh", "-c", look, "creel-plugins", DATA_FOLDER], { signal });
  return exitCode === 0;
}

function putInput(spec: SetupSpec, held: HeldSecrets | null): Buffer {
  if (held === null) throw secretsMissing([]);
  const { text, secrets } = openclawConfig(spec, held.map);
  const bare = { port: spec.port, setup: { settings: NO_SETTINGS, secrets: new Map() } };
  return Buffer.concat([
    Buffer.from(secretsLines({ ...held.map, ...secrets }, held)),
    tarOf([
      { path: "openclaw.json", content: text },
      { path: "first.json", content: openclawConfig(bare, held.map).text },
    ]),
  ]);
}

const failed = (stderr: string) => commandFailed("The settings could not be changed on the host.", stderr);

function commandFailed(userMessage: string, stderr: string): OpsError {
  return new OpsError({
    code: "host-command-failed",
    userMessage,
    evidence: stderr.split("\n").filter((line) => line !== ""),
  });
}
