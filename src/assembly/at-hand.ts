import { connect } from "node:net";
import type { Config } from "../config.ts";
import type { Agent } from "../core/agent.ts";
import type { AuditLog } from "../core/audit.ts";
import type { AgentName } from "../core/names.ts";
import { hostOf } from "../fleet/host-of.ts";
import { embeddedSocket } from "../jobs/redis-process/embedded-redis.ts";
import { type ConnectedStore, connectStore } from "../jobs/store/connected-store.ts";
import { type Machine, machineWith } from "../operations/machine.ts";
import { NOTHING_STORED } from "./nothing-stored.ts";
import { redisAddress } from "./redis.ts";
import { buildServices } from "./services.ts";
import { terminalActor } from "./terminal.ts";
import { createTools, type Tools } from "./tools.ts";

/** An agent's machine, for who sits at the machine where Creel is, whether Creel runs or not. */
export interface AgentAtHand {
  readonly tools: Tools;
  /** Asked for anew each time: a host may have moved. @throws as `hostOf` and `machineWith`. */
  machine(signal: AbortSignal): Promise<Machine>;
}

/** Puts on record, where there is a store, that somebody did `subject`. What is at hand is let go of with `stack`. @throws OpsError. */
export async function agentAtHand(
  config: Config,
  agent: AgentName,
  subject: string,
  stack: AsyncDisposableStack,
): Promise<AgentAtHand> {
  const tools = createTools(config);
  const services = buildServices(config, tools, NOTHING_STORED);
  const store = await storeAtHand(config, tools, stack);
  const registered = (await recordOf(store, agent, tools))?.host ?? null;
  await note(store?.audit, { config, agent, subject, tools });
  return {
    tools,
    async machine(signal) {
      return machineWith(services, await hostOf(services, agent, registered, signal));
    },
  };
}

/** null: there is none without Creel running here, or it does not answer. */
async function storeAtHand(config: Config, tools: Tools, stack: AsyncDisposableStack): Promise<ConnectedStore | null> {
  const onError = (error: unknown) => tools.log.error(error);
  try {
    const socketPath = embeddedSocket(config.stateDir);
    const isShared = config.settings.redis !== undefined;
    if (!isShared && !(await answers(socketPath))) return null;
    const address = isShared ? await redisAddress(config, tools, onError, stack) : { socketPath };
    const store = await connectStore(address, tools.redact, onError);
    stack.defer(() => store.disconnect());
    return store;
  } catch (error) {
    onError(error);
    return null;
  }
}

async function recordOf(store: ConnectedStore | null, agent: AgentName, { log }: Tools): Promise<Agent | null> {
  try {
    return (await store?.registry.get(agent)) ?? null;
  } catch (error) {
    log.error(error);
    return null;
  }
}

async function note(
  audit: AuditLog | undefined,
  { config, agent, subject, tools }: { config: Config; agent: AgentName; subject: string; tools: Tools },
): Promise<void> {
  const actor = terminalActor(config);
  const event = { actor, what: "requested", subject, agent, operation: null, note: null } as const;
  await audit?.append({ ...event, atMs: Date.now() }).catch((error: unknown) => tools.log.error(error));
}

function answers(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(socketPath, () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
