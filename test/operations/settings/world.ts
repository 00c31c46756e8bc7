import { createMemoryBotServices } from "../../../services/bot-service/memory.ts";
import type { SettingsLayer } from "../../../src/core/agent-settings.ts";
import { OpsError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import type { Operation } from "../../../src/core/operation.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { deployOperation } from "../../../src/operations/deploy/deploy.ts";
import { type Change, type ChangePorts, changeOperation } from "../../../src/operations/settings/change.ts";
import type { OfAgent } from "../../../src/operations/settings/undo.ts";
import { ask, type RunOptions, run } from "../crash-points.ts";
import { ada, CANARY, createWorld } from "../world.ts";
import { createMemorySetup, type MemorySetupOptions } from "./memory-setup.ts";

type Asked = Readonly<Record<string, Json>>;

export const bob = parseAgentName("bob");
const goodKey = new Secret(`${CANARY}-key`);
export const ADA_BOT = { id: "100000001", name: "ada_bot" };
export const OTHER_BOT = { id: "100000002", name: "other_bot" };

/** An agent that serves, with nothing set, and a creel.yaml that can be changed. */
export async function servingAgent(options: MemorySetupOptions = {}) {
  const said: { layers: SettingsLayer[] } = { layers: [] };
  const bots = createMemoryBotServices();
  const secrets = new Map<string, Secret>([
    ["vault:openai", goodKey],
    ["vault:wrong", new Secret(`${CANARY}-wrong`)],
    ["vault:ada-telegram", bots.add("telegram", ADA_BOT)],
    ["vault:other-telegram", bots.add("telegram", OTHER_BOT)],
    ["vault:creel-telegram", bots.add("telegram", { id: "100000003", name: "creel_bot" })],
  ]);
  const world = createWorld({
    models: { openai: { keys: [goodKey], models: ["one", "two"] } },
    layers: () => said.layers,
    async secret(ref) {
      const found = secrets.get(ref);
      if (found !== undefined) return found;
      throw new OpsError({ code: "secret-unavailable", userMessage: `There is no ${ref}.` });
    },
  });
  const setup = createMemorySetup(options);
  const gateway = { ...world.gateway, settings: setup.settings, talk: { ...world.gateway.talk, ...setup.talk } };
  const ports = {
    ...{ ...world.services, botServices: bots, gatewayOn: () => gateway },
    creelsToken: async () => secrets.get("vault:creel-telegram") ?? null,
  } satisfies ChangePorts;
  const deploy = deployOperation(ports);
  await run(deploy, ask(deploy, { name: "ada", provider: null, region: null, size: null }, ada));
  const [host] = await world.provider.list();
  if (!host) throw new Error("There is no host.");
  const shell = await world.shells.connect(host);
  const look = () => setup.look(shell);
  const record = async () => (await world.registry.get(ada))?.settings;
  /** Runs it to its end, or to its worker's. */
  async function change<Params extends OfAgent>(kind: Change<Params>, params: Asked, options?: RunOptions) {
    const definition = changeOperation(ports, kind);
    return (await run(definition, ask(definition, { agent: "ada", ...params }, ada), options)).record;
  }
  /** Another worker goes on with it. */
  async function goOn<Params extends OfAgent>(kind: Change<Params>, operation: Operation) {
    return (await run(changeOperation(ports, kind), operation)).record;
  }
  return { ...world, ports, bots, secrets, said, host, shell, look, record, change, goOn };
}
