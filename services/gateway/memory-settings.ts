import { z } from "zod";
import type { AgentSettings } from "../../src/core/agent-settings.ts";
import { parseJson } from "../../src/core/json.ts";
import { secretsIn } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { settingsRefused } from "./failures.ts";
import type { GatewaySettings, GatewaySetup } from "./settings.ts";

const KEPT_FILE = "/memory-agent.json";

const configuration = z.object({ settings: z.json(), values: z.record(z.string(), z.string()) });

/** The part of a gateway's record that `settings` changes. */
export const setupFields = {
  /** What is in place; null: nothing is set. */
  current: configuration.nullable().default(null),
  before: z.object({ was: configuration.nullable() }).nullable().default(null),
  /** What the gateway works with. */
  running: configuration.nullable().default(null),
};
const setupSchema = z.object(setupFields);
type SetupRecord = z.infer<typeof setupSchema>;

/** What a record holds of a setup. */
export function configurationOf({ settings, secrets }: GatewaySetup): NonNullable<SetupRecord["current"]> {
  const values = Object.fromEntries([...secrets].map(([ref, secret]) => [ref, secret.reveal()]));
  return configuration.parse({ settings: JSON.parse(JSON.stringify(settings)), values });
}

export interface MemorySettingsHost {
  /** Null: nothing is installed. */
  readonly load: (shell: HostShell) => Promise<SetupRecord | null>;
  readonly change: (shell: HostShell, fields: (record: SetupRecord) => Partial<SetupRecord>) => Promise<void>;
  readonly checkReady: (shell: HostShell) => Promise<void>;
  /** What OpenClaw has against the settings. */
  readonly complaints: (settings: AgentSettings) => readonly string[];
}

/** Settings of a gateway in memory, which takes them at once when it is ready. */
export function memorySettings(host: MemorySettingsHost): GatewaySettings {
  return {
    async check(_shell, { setup }) {
      const complaints = host.complaints(setup.settings);
      if (complaints.length > 0) throw settingsRefused(complaints);
    },
    async renewed(shell, { setup: { settings, secrets } }) {
      const held = new Map(Object.entries((await host.load(shell))?.current?.values ?? {}));
      return secretsIn(settings).flatMap(({ setting, ref }) =>
        held.get(ref) === secrets.get(ref)?.reveal() ? [] : [setting],
      );
    },
    put: (shell, { setup }) =>
      host.change(shell, ({ current, before }) => ({
        current: configurationOf(setup),
        before: before ?? { was: current },
      })),
    async taken(shell) {
      await host.checkReady(shell);
      await host.change(shell, ({ current }) => ({ running: current }));
      return { restarted: false };
    },
    goBack: (shell) =>
      host.change(shell, ({ current, before }) => ({ current: before === null ? current : before.was })),
    settle: (shell) => host.change(shell, () => ({ before: null })),
    async kept(shell) {
      const { exitCode, stdout } = await shell.run(["cat", KEPT_FILE]);
      if (exitCode !== 0) return null;
      const parsed = parseJson(stdout);
      return parsed === undefined ? stdout : parsed;
    },
    async keep(shell, kept) {
      await shell.check(["tee", KEPT_FILE], { stdin: JSON.stringify(kept) });
    },
  };
}
