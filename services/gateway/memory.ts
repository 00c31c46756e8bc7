import { randomBytes } from "node:crypto";
import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { configInvalid, crashed, notReady } from "./failures.ts";
import type { Gateway } from "./gateway.ts";
import { REQUIRED_SCOPES, requireScopes } from "./scopes.ts";

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
});
type Record = z.infer<typeof recordSchema>;

type MemoryGatewayBehaviour = "healthy" | "never-ready" | "crashes" | "config-invalid" | "lacks-pairing-scope";

export interface MemoryGatewayOptions {
  /** How many times `checkReady` says "not yet" after a start; default 1. */
  readonly looksUntilReady?: number;
  /** Of the gateway of an agent; default healthy. */
  readonly behaviour?: (agent: string) => MemoryGatewayBehaviour;
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: keyof Gateway, when: "before" | "after") => void | Promise<void>;
}

/** A gateway that is nothing but a file on its host: it lives, is cut off and dies with the host behind the shell. */
export function createMemoryGateway(options: MemoryGatewayOptions = {}): Gateway {
  const { looksUntilReady = 1, behaviour = () => "healthy", faults = () => undefined } = options;

  async function around<T>(call: keyof Gateway, effect: () => Promise<T>): Promise<T> {
    await faults(call, "before");
    const result = await effect();
    await faults(call, "after");
    return result;
  }

  function beginStart(record: Record): Record {
    const line = behaviour(record.agent) === "config-invalid" ? "Invalid config: gateway.mode" : "gateway starting";
    return { ...record, state: "starting", looks: 0, starts: record.starts + 1, log: [...record.log, line] };
  }

  return {
    install: (shell, spec) =>
      around("install", async () => {
        const old = await load(shell);
        const token = old?.token ?? spec.token?.reveal() ?? randomBytes(32).toString("base64url");
        const fresh = { state: "stopped" as const, looks: 0, starts: 0, log: [] };
        await save(shell, { ...(old ?? fresh), agent: spec.agent, port: spec.port, token });
      }),

    start: (shell) =>
      around("start", async () => {
        const record = await load(shell);
        if (!record) throw unitMissing();
        if (record.state === "stopped") await save(shell, beginStart(record));
      }),

    checkReady: (shell) =>
      around("checkReady", async () => {
        const record = await load(shell);
        if (!record || record.state === "stopped") throw notReady("it is not running");
        const how = behaviour(record.agent);
        if (how === "config-invalid") throw configInvalid(record.log);
        if (how === "crashes") throw crashed("exit status 1", record.log);
        if (record.state === "ready") return;
        const ready = how !== "never-ready" && record.looks >= looksUntilReady;
        await save(shell, { ...record, looks: record.looks + 1, state: ready ? "ready" : "starting" });
        if (!ready) throw notReady("it is starting");
      }),

    checkAccess: (shell) =>
      around("checkAccess", async () => {
        const record = await load(shell);
        if (record?.state !== "ready") throw notReady("it does not answer");
        const lacking = behaviour(record.agent) === "lacks-pairing-scope";
        const scopes = REQUIRED_SCOPES.filter((scope) => !lacking || scope !== "operator.pairing");
        requireScopes(scopes);
        return { version: "2026.9.6", scopes };
      }),

    health: (shell) =>
      around("health", async () => {
        const record = await load(shell);
        const off = { version: null, startedAtMs: null, memoryBytes: null, restarts: 0 };
        if (!record) return { ...off, state: "absent" };
        if (record.state === "stopped") return { ...off, state: "stopped" };
        const how = behaviour(record.agent);
        if (how === "crashes") return { ...off, state: "crashed", restarts: 3 };
        if (how === "config-invalid") return { ...off, state: "config-invalid" };
        const version = record.state === "ready" ? "2026.9.6" : null;
        return { state: record.state, version, startedAtMs: 0, memoryBytes: 800 * 1024 * 1024, restarts: 0 };
      }),

    logs: (shell, lines) => around("logs", async () => ((await load(shell))?.log ?? []).slice(-lines)),

    stop: (shell) =>
      around("stop", async () => {
        const record = await load(shell);
        if (record && record.state !== "stopped") {
          await save(shell, { ...record, state: "stopped", log: [...record.log, "gateway stopped"] });
        }
      }),
  };
}

function unitMissing(): OpsError {
  return new OpsError({ code: "host-command-failed", userMessage: "The gateway is not installed on this host." });
}

async function load(shell: HostShell): Promise<Record | null> {
  const result = await shell.run(["cat", FILE]);
  return result.exitCode === 0 ? recordSchema.parse(JSON.parse(result.stdout)) : null;
}

async function save(shell: HostShell, record: Record): Promise<void> {
  await shell.check(["tee", FILE], { stdin: JSON.stringify(record) });
}
