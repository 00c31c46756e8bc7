import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { AgentSettings } from "../../src/core/agent-settings.ts";
import { OpsError, unlessStopped } from "../../src/core/errors.ts";
import { OPENCLAW_VERSION } from "../../src/core/openclaw.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import {
  channelsHeldBack,
  configInvalid,
  containerBroken,
  crashed,
  diskFull,
  ended,
  notReady,
  rpcFailed,
  secretsMissing,
} from "./failures.ts";
import type { Gateway, GatewayCall, GatewayHealth } from "./gateway.ts";
import { configurationOf, memorySettings, setupFields } from "./memory-settings.ts";
import { missingScopes, REQUIRED_SCOPES, requireScopes } from "./scopes.ts";
import type { ChannelLook, Turn } from "./talk.ts";
import { boundAnswer, hasNoModel } from "./talk-failures.ts";

const FILE = "/memory-gateway.json";

const recordSchema = z.object({
  agent: z.string(),
  port: z.number(),
  token: z.string(),
  state: z.enum(["stopped", "starting", "ready"]),
  /** Since the last start. */
  looks: z.number(),
  starts: z.number(),
  log: z.array(z.string()),
  /** What is broken on the host and can be repaired. */
  damage: z
    .array(z.enum(["its unit files", "its configuration", "Podman's storage", "the secrets in memory"]))
    .default([]),
  /** Channels that were not started. */
  heldBack: z.array(z.string()).default([]),
  /** How many links to its page it has made. */
  links: z.number().default(0),
  /** By key, with what was answered. */
  turns: z.record(z.string(), z.string()).default({}),
  ...setupFields,
});
type Damage = z.infer<typeof recordSchema>["damage"][number];
type Record = z.infer<typeof recordSchema>;

type MemoryGatewayBehaviour =
  | "healthy"
  | "without-network"
  | "never-ready"
  | "crashes"
  | "out-of-memory"
  | "disk-full"
  | "config-invalid"
  | "holds-channels-back"
  | "has-page"
  | "lacks-pairing-scope";

export interface MemoryGateway extends Gateway {
  /** As if something on the host had broken it; a gateway that runs goes on until it is stopped or killed. */
  damage(shell: HostShell, damage: Damage): Promise<void>;
  /** As if somebody had stopped it, or it had ended, without Creel. */
  end(shell: HostShell): Promise<void>;
}

export interface MemoryGatewayOptions {
  /** How many times `checkReady` says "not yet" after a start; default 1. */
  readonly looksUntilReady?: number;
  /** Of the gateway of an agent; default healthy. */
  readonly behaviour?: (agent: string) => MemoryGatewayBehaviour;
  /** What an agent answers; may throw what `ask` throws. Default: it has no model. */
  readonly answer?: (agent: string, turn: Turn) => string | Promise<string>;
  /** Which model does; default: it is not told. */
  readonly answeredBy?: (agent: string) => string | null;
  /** Hears of turns that are stopped. */
  readonly onStop?: (key: string) => void;
  /** Default: none is set up. null: it does not tell. */
  readonly channels?: (agent: string) => readonly ChannelLook[] | null;
  /** What OpenClaw has against settings; default nothing. */
  readonly complaints?: (settings: AgentSettings) => readonly string[];
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: GatewayCall, when: "before" | "after") => void | Promise<void>;
}

/** A gateway that is nothing but a file on its host: it lives, is cut off and dies with the host behind the shell. */
export function createMemoryGateway(options: MemoryGatewayOptions = {}): MemoryGateway {
  const { looksUntilReady = 1, behaviour = () => "healthy", faults = () => undefined } = options;
  const { answer = noModel, channels = () => [] } = options;
  const { complaints = () => [], answeredBy = () => null, onStop = () => undefined } = options;

  async function around<T>(call: GatewayCall, effect: () => Promise<T>): Promise<T> {
    await faults(call, "before");
    const result = await effect();
    await faults(call, "after");
    return result;
  }

  async function change(shell: HostShell, fields: (record: Record) => Partial<Record>): Promise<void> {
    const record = await load(shell);
    if (!record) throw unitMissing();
    await save(shell, { ...record, ...fields(record) });
  }

  const settings = memorySettings({ load, change, checkReady, complaints });

  function beginStart(record: Record): Record {
    const line = endOf(record)?.code === "gateway-config-invalid" ? "Invalid config: gateway.mode" : "gateway starting";
    const heldBack = behaviour(record.agent) === "holds-channels-back" ? ["telegram"] : [];
    const fresh = { looks: 0, starts: record.starts + 1, heldBack };
    return { ...record, ...fresh, state: "starting", log: [...record.log, line] };
  }

  /** Why it is not well; null when it is. */
  function trouble(record: Record | null): OpsError | null {
    if (!isInstalled(record)) return notReady("it is not installed on its host");
    const unsecret = record.damage.includes("the secrets in memory") ? secretsMissing([]) : null;
    if (record.state === "stopped") return unsecret ?? notReady("it was stopped, or has ended without an error");
    const end = endOf(record);
    if (end !== null) return end;
    if (record.state === "starting") return notReady("it is starting");
    const missing = missingScopes(scopesOf(record));
    if (missing !== null) return missing;
    return record.heldBack.length > 0 ? channelsHeldBack(record.heldBack) : unsecret;
  }

  /** How it ended by itself; null when it did not. */
  function endOf({ agent, log, damage }: Record): OpsError | null {
    if (damage.includes("its configuration")) return configInvalid(log);
    switch (behaviour(agent)) {
      case "config-invalid":
        return configInvalid(log);
      case "crashes":
        return crashed("exit status 1", log);
      case "out-of-memory":
        return ended("it was killed", [...log, "A process of this unit has been killed by the OOM killer."]);
      case "disk-full":
        return diskFull(log);
      default:
        return null;
    }
  }

  async function checkReady(shell: HostShell): Promise<void> {
    const record = await load(shell);
    if (!record || record.state === "stopped") throw notReady("it is not running");
    const end = endOf(record);
    if (end !== null) throw end;
    if (record.state === "ready") return;
    const ready = behaviour(record.agent) !== "never-ready" && record.looks >= looksUntilReady;
    await save(shell, { ...record, looks: record.looks + 1, state: ready ? "ready" : "starting" });
    if (!ready) throw notReady("it is starting");
  }

  function scopesOf({ agent }: Record) {
    const isLacking = behaviour(agent) === "lacks-pairing-scope";
    return REQUIRED_SCOPES.filter((scope) => !isLacking || scope !== "operator.pairing");
  }

  function look(record: Record | null): Pick<GatewayHealth, "state" | "restarts"> {
    if (!isInstalled(record)) return { state: "absent", restarts: 0 };
    if (record.state === "stopped") return { state: "stopped", restarts: 0 };
    const end = endOf(record);
    if (end?.code === "gateway-config-invalid") return { state: "config-invalid", restarts: 0 };
    if (end !== null) return { state: "crashed", restarts: 3 };
    return { state: record.state, restarts: 0 };
  }

  return {
    install: (shell, spec) =>
      around("install", async () => {
        const old = await load(shell);
        const token = old?.token ?? spec.token?.reveal() ?? randomBytes(32).toString("base64url");
        const fresh = {
          state: "stopped" as const,
          looks: 0,
          starts: 0,
          log: [],
          damage: [],
          heldBack: [],
          links: 0,
          turns: {},
          before: null,
          running: null,
        };
        const current = configurationOf(spec.setup);
        await save(shell, { ...(old ?? fresh), agent: spec.agent, port: spec.port, token, current });
      }),

    start: (shell) =>
      around("start", async () => {
        const record = await load(shell);
        if (!isInstalled(record)) throw unitMissing();
        if (record.state !== "stopped") return;
        if (record.damage.includes("Podman's storage")) throw containerBroken(["layers.json: decode slice"]);
        if (record.damage.includes("the secrets in memory")) throw secretsMissing(["Assertion failed"]);
        await save(shell, beginStart(record));
      }),

    checkReady: (shell) => around("checkReady", () => checkReady(shell)),

    checkAccess: (shell) =>
      around("checkAccess", async () => {
        const record = await load(shell);
        if (record?.state !== "ready") throw notReady("it does not answer");
        const scopes = scopesOf(record);
        requireScopes(scopes);
        return { version: OPENCLAW_VERSION, scopes };
      }),

    health: (shell) =>
      around("health", async () => {
        const record = await load(shell);
        const { state, restarts } = look(record);
        const runs = state === "ready" || state === "starting";
        return {
          ...{ state, restarts, note: trouble(record)?.userMessage ?? null },
          version: state === "ready" ? OPENCLAW_VERSION : null,
          startedAtMs: runs ? 0 : null,
          memoryBytes: runs ? 800 * 1024 * 1024 : null,
          channels: record !== null && state === "ready" ? channels(record.agent) : null,
        };
      }),

    repair: (shell) =>
      around("repair", async () => {
        const record = await load(shell);
        if (!record) throw containerBroken(["50-host.conf is missing"]);
        await save(shell, { ...record, damage: [] });
        return record.damage;
      }),

    resumeChannels: (shell) =>
      around("resumeChannels", async () => {
        const held = (await load(shell))?.heldBack ?? [];
        if (held.length > 0) await change(shell, () => ({ heldBack: [] }));
        return held;
      }),

    lookOutside: (shell, { host }) =>
      around("lookOutside", async () => {
        const record = await load(shell);
        if (!record || record.state === "stopped") throw notRunning();
        if (behaviour(record.agent) !== "without-network") return { reachable: true };
        return { reachable: false, obstacle: "lookup", why: `192.0.2.53 does not know ${host}` };
      }),

    logs: (shell, lines) => around("logs", async () => ((await load(shell))?.log ?? []).slice(-lines)),

    stop: (shell) =>
      around("stop", async () => {
        const record = await load(shell);
        if (record && record.state !== "stopped") {
          await save(shell, { ...record, state: "stopped", log: [...record.log, "gateway stopped"] });
        }
      }),

    talk: {
      ask: (shell, _port, turn, signal) =>
        around("ask", async () => {
          const record = await readyOn(shell);
          const text = record.turns[turn.key] ?? (await unlessStopped(answer(record.agent, turn), signal));
          await change(shell, ({ turns }) => ({ turns: { ...turns, [turn.key]: text } }));
          return boundAnswer(text);
        }),
      answeredBy: async (shell) => answeredBy((await readyOn(shell)).agent),
      async stop(shell, _port, key) {
        await readyOn(shell);
        onStop(key);
      },
      channels: (shell) =>
        around("channels", async () => {
          const found = channels((await readyOn(shell)).agent);
          if (found === null) throw rpcFailed("it does not tell how its channels are");
          return found;
        }),
      page: (shell, port) =>
        around("page", async () => {
          const record = await readyOn(shell);
          if (behaviour(record.agent) !== "has-page") return null;
          const links = record.links + 1;
          await save(shell, { ...record, links });
          const here = `127.0.0.1:${port}`;
          return new Secret(`http://${here}/#bootstrapToken=link-${links}&gatewayUrl=ws%3A%2F%2F${here}`);
        }),
    },

    settings: {
      check: (...asked) => around("check", () => settings.check(...asked)),
      renewed: (...asked) => around("renewed", () => settings.renewed(...asked)),
      put: (...asked) => around("put", () => settings.put(...asked)),
      taken: (...asked) => around("taken", () => settings.taken(...asked)),
      goBack: (...asked) => around("goBack", () => settings.goBack(...asked)),
      settle: (...asked) => around("settle", () => settings.settle(...asked)),
      kept: (...asked) => around("kept", () => settings.kept(...asked)),
      keep: (...asked) => around("keep", () => settings.keep(...asked)),
    },

    damage: (shell, damage) => change(shell, (record) => ({ damage: [...record.damage, damage] })),
    end: (shell) => change(shell, () => ({ state: "stopped" })),
  };
}

function isInstalled(record: Record | null): record is Record {
  return record !== null && !record.damage.includes("its unit files");
}

function noModel(): never {
  throw hasNoModel();
}

async function readyOn(shell: HostShell): Promise<Record> {
  const record = await load(shell);
  if (record?.state !== "ready") throw notReady("it does not answer");
  return record;
}

function unitMissing(): OpsError {
  return new OpsError({ code: "host-command-failed", userMessage: "The gateway is not installed on this host." });
}

function notRunning(): OpsError {
  return new OpsError({ code: "host-command-failed", userMessage: "The gateway is not running." });
}

async function load(shell: HostShell): Promise<Record | null> {
  const result = await shell.run(["cat", FILE]);
  return result.exitCode === 0 ? recordSchema.parse(JSON.parse(result.stdout)) : null;
}

async function save(shell: HostShell, record: Record): Promise<void> {
  await shell.check(["tee", FILE], { stdin: JSON.stringify(record) });
}
