import { z } from "zod";
import type { Gateway } from "../../../services/gateway/gateway.ts";
import type { GatewayTalk } from "../../../services/gateway/talk.ts";
import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import { agentSettings } from "../../../src/agent-settings/schema.ts";
import type { AgentSettings } from "../../../src/core/agent-settings.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { secretsIn } from "../../../src/core/secrets.ts";

const FILE = "/memory-setup.json";
const setup = z.object({ settings: agentSettings, values: z.record(z.string(), z.string()) }).nullable();
const recordSchema = z.object({
  /** What is in place, and what was before it. */
  current: setup.default(null),
  before: z.object({ setup }).nullable().default(null),
  /** What the gateway works with. */
  running: setup.default(null),
  looks: z.number().default(0),
  kept: z.json().default(null),
  turns: z.array(z.string()).default([]),
});
type Record = z.infer<typeof recordSchema>;

/** An agent writes what it likes, also what nobody should read. */
function greeting(running: Record["running"]): string {
  return `Hello from ${running?.settings.model}.\n${Object.values(running?.values ?? {}).join(" ")}`.trim();
}

export interface MemorySetupOptions {
  /** What OpenClaw has against them; null: nothing. */
  readonly complaint?: (settings: AgentSettings) => string | null;
  /** Of a gateway that never becomes ready with them. */
  readonly crashes?: (settings: AgentSettings) => boolean;
  /** Why the agent cannot answer; null: it can. */
  readonly silent?: (settings: AgentSettings) => string | null;
  /** Which model answers; default: it is not told. */
  readonly answeredBy?: (settings: AgentSettings | null) => string | null;
  /** Why its bot is not connected; null: it is. */
  readonly apart?: (settings: AgentSettings) => string | null;
}

/** The part of a gateway in memory that is given its settings, in a file of its own on the host. */
export function createMemorySetup(options: MemorySetupOptions = {}) {
  const { complaint = () => null, crashes = () => false, silent = () => null, apart = () => null } = options;
  const { answeredBy = () => null } = options;

  const settings: Gateway["settings"] = {
    async check(_shell, { setup: { settings: its } }) {
      const said = complaint(its);
      if (said !== null) throw new OpsError({ code: "gateway-config-invalid", userMessage: said });
    },
    async renewed(shell, { setup: { settings: its, secrets } }) {
      const held = new Map(Object.entries((await load(shell)).current?.values ?? {}));
      return secretsIn(its).flatMap(({ setting, ref }) =>
        held.get(ref) === secrets.get(ref)?.reveal() ? [] : [setting],
      );
    },
    async put(shell, { setup: { settings: its, secrets } }) {
      const record = await load(shell);
      const values = Object.fromEntries([...secrets].map(([ref, secret]) => [ref, secret.reveal()]));
      const current = setup.parse({ settings: its, values });
      await save(shell, { ...record, current, before: record.before ?? { setup: record.current }, looks: 0 });
    },
    async taken(shell) {
      const record = await load(shell);
      if (record.current !== null && crashes(record.current.settings)) {
        throw new OpsError({ code: "gateway-crashed", userMessage: "The gateway has crashed." });
      }
      await save(shell, {
        ...record,
        looks: record.looks + 1,
        running: record.looks > 0 ? record.current : record.running,
      });
      if (record.looks > 0) return { restarted: false };
      throw new OpsError({ code: "gateway-not-ready", userMessage: "The gateway is starting.", retry: "later" });
    },
    async goBack(shell) {
      const record = await load(shell);
      if (record.before !== null) await save(shell, { ...record, current: record.before.setup, looks: 0 });
    },
    async settle(shell) {
      await save(shell, { ...(await load(shell)), before: null });
    },
    kept: async (shell) => (await load(shell)).kept,
    async keep(shell, kept) {
      await save(shell, { ...(await load(shell)), kept: JSON.parse(JSON.stringify(kept)) });
    },
  };
  const talk: Pick<GatewayTalk, "ask" | "answeredBy" | "channels"> = {
    answeredBy: async (shell) => answeredBy((await load(shell)).running?.settings ?? null),
    async ask(shell, _port, { key }) {
      const record = await load(shell);
      const its = record.running?.settings ?? null;
      const why = its === null ? "no model" : silent(its);
      if (its?.model == null || why !== null) {
        throw new OpsError({
          code: "gateway-rpc-failed",
          userMessage: `The agent cannot answer: ${why ?? "no model"}.`,
        });
      }
      await save(shell, { ...record, turns: [...new Set([...record.turns, key])] });
      return { text: greeting(record.running), isCut: false };
    },
    async channels(shell) {
      const { running } = await load(shell);
      return (["telegram", "discord"] as const).map((channel) => {
        const its = running?.settings ?? null;
        if (its === null || its.channels[channel] === null) return { channel, state: "off", bot: null, why: null };
        const why = apart(its);
        return { channel, state: why === null ? "connected" : "failed", bot: null, why };
      });
    },
  };
  return { settings, talk, look: load };
}

async function load(shell: HostShell): Promise<Record> {
  const { exitCode, stdout } = await shell.run(["cat", FILE]);
  return recordSchema.parse(exitCode === 0 ? JSON.parse(stdout) : {});
}

async function save(shell: HostShell, record: Record): Promise<void> {
  await shell.check(["tee", FILE], { stdin: JSON.stringify(record) });
}
