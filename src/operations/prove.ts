import { z } from "zod";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import type { OutsideView } from "../../services/provider/provider.ts";
import { OpsError } from "../core/errors.ts";
import type { AgentName } from "../core/names.ts";
import type { Connection } from "./connection.ts";
import type { StepContext } from "./definition.ts";
import { lastWords } from "./evidence.ts";
import type { Machine } from "./machine.ts";
import { type AgentNetwork, agentNetwork, type NetworkPorts } from "./network.ts";
import { network, nothing } from "./schemas.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Of every operation after which a gateway has to serve; in this order. */
export const provingSteps = {
  launch: { title: "Start the gateway", budgetMs: 3 * MINUTE, output: nothing },
  ready: { title: "Gateway is ready", budgetMs: 5 * MINUTE, output: nothing, retryBaseMs: 100, retryMaxMs: 150 },
  access: { title: "Full access over RPC", budgetMs: MINUTE, output: z.strictObject({ version: z.string() }) },
  outside: { title: "Closed to the outside", budgetMs: 30 * SECOND, output: nothing },
  network: { title: "Network of the agent", budgetMs: MINUTE, output: network },
} as const;

type Nothing = Record<string, never>;

/** The context of any operation that has these steps. */
export interface ProvingContext {
  readonly elapsed: () => number;
  step(name: "launch" | "ready" | "outside", fn: (context: StepContext) => Promise<Nothing>): Promise<Nothing>;
  step(
    name: "access",
    fn: (context: StepContext) => Promise<{ version: string }>,
  ): Promise<{ readonly version: string }>;
  step(name: "network", fn: (context: StepContext) => Promise<AgentNetwork>): Promise<AgentNetwork>;
}

export interface ProvingPorts extends NetworkPorts {
  /** True when something answers at this place as a gateway would. */
  readonly probeExposed: (view: OutsideView, signal: AbortSignal) => Promise<boolean>;
}

export interface ProvingTarget {
  readonly agent: AgentName;
  readonly machine: Machine;
  readonly connection: Connection;
}

export interface Proven {
  readonly version: string;
  readonly network: AgentNetwork["network"];
  /** What is in the way, as half a sentence; null when nothing is. */
  readonly networkTrouble: string | null;
}

/** From a gateway that is installed to one that is proven to work and to be closed. */
export async function startAndProve(
  ports: ProvingPorts,
  context: ProvingContext,
  target: ProvingTarget,
): Promise<Proven> {
  await startGateway(context, target);
  return await proveGateway(ports, context, target);
}

/** From a gateway that is installed to one that is ready. `explained`: says more of why it never will be; has to throw nothing. */
export async function startGateway(
  { step, elapsed }: ProvingContext,
  { machine, connection }: ProvingTarget,
  explained: (error: unknown, shell: HostShell, signal: AbortSignal) => Promise<unknown> = async (error) => error,
): Promise<void> {
  const { gateway, host } = machine;
  const { gatewayPort: port } = host;

  await step("launch", async ({ signal }) => {
    await connection.use(signal, (shell) => gateway.start(shell, signal));
    return {};
  });
  const telling = lastWords(elapsed);
  await step("ready", async ({ signal }) => {
    await connection.use(signal, (shell) =>
      gateway.checkReady(shell, port, signal).catch(async (error: unknown) => {
        throw await telling(await explained(error, shell, signal), () => gateway.logs(shell, 1));
      }),
    );
    return {};
  });
}

/** That a gateway which is ready works and is closed. An agent without a network serves all the same. */
export async function proveGateway(
  ports: ProvingPorts,
  { step }: ProvingContext,
  { agent, machine, connection }: ProvingTarget,
): Promise<Proven> {
  const { gateway, provider, host } = machine;
  const { gatewayPort: port } = host;
  const [{ version }, , { network, why }] = await Promise.all([
    step("access", async ({ signal }) => {
      const access = await connection.use(signal, (shell) => gateway.checkAccess(shell, port, signal));
      return { version: access.version };
    }),
    step("outside", async ({ signal }) => {
      const views = await provider.outsideViews(host, port, signal);
      const answers = await Promise.all(views.map((view) => ports.probeExposed(view, signal)));
      const open = views.filter((_, index) => answers[index]);
      if (open.length > 0) throw exposed(agent, open);
      return {};
    }),
    step("network", ({ signal }) => connection.use(signal, (shell) => agentNetwork(ports, machine, shell, signal))),
  ]);
  return { version, network, networkTrouble: why };
}

function exposed(agent: AgentName, views: readonly OutsideView[]): OpsError {
  const places = views.map(({ address, port }) => `${address} port ${port}`);
  return new OpsError({
    code: "gateway-exposed",
    userMessage: `The gateway of ${agent} answers from outside its host, at ${places.join(" and ")}.`,
    hint: "Only the host itself may reach it. Something on the host or at the provider forwards this port.",
  });
}
