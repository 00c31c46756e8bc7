import type { AgentRegistry } from "../../core/agent.ts";
import { NO_SETTINGS } from "../../core/agent-settings.ts";
import { daysOld, isTooOld } from "../../core/golden-image.ts";
import { hostLane } from "../../core/lane.ts";
import { hostNameFor } from "../../core/names.ts";
import { connectionTo } from "../connection.ts";
import { defineOperation } from "../definition.ts";
import type { OperationKind } from "../kind.ts";
import { whereabouts } from "../lanes.ts";
import { agentNamed, type MachinePorts, machineWith, systemOf } from "../machine.ts";
import type { ProvingPorts } from "../prove.ts";
import { selectProvider } from "../providers.ts";
import { bringUpGateway, type TokenPorts } from "./gateway.ts";
import { type CreatePorts, checkRequest, createHost, reserveName, settleHost, validateRequest } from "./host.ts";
import { writeProof } from "./proof.ts";
import type { SetupPorts } from "./setup.ts";
import { type DeployParams, deployParams, deploySteps } from "./steps.ts";
import { tellOfDeploy } from "./told.ts";
import { undoDeploy } from "./undo.ts";

export interface DeployPorts extends MachinePorts, ProvingPorts, TokenPorts, CreatePorts, SetupPorts {
  readonly registry: AgentRegistry;
}
export const deploy: OperationKind<DeployParams, DeployPorts> = {
  kind: "deploy",
  words: { doing: "Deploying", done: "Deployed", task: "deploy", agentIs: "deploying" },
  tell: ({ agent, result }) => tellOfDeploy(agent, result),
  define: deployOperation,
};

/** `/deploy`: a host, the gateway on it, and proof that it is healthy and closed to strangers. */
export function deployOperation(ports: DeployPorts) {
  return defineOperation({
    kind: deploy.kind,
    // 5: settings are kept with the agent instead of in the journal.
    version: 5,
    async lane({ name, provider }, done) {
      const { data: validated } = deploySteps.validate.output.safeParse(done("validate"));
      return hostLane(await whereabouts(ports, name, validated?.provider ?? provider));
    },
    params: deployParams,
    steps: deploySteps,
    check: (request, standing) => checkRequest(ports, request, standing),

    async run(context, request) {
      const { id, step, now, elapsed } = context;
      const {
        memoryMb,
        provider: chosen,
        settings,
        model,
        given,
        waiting,
        bots,
        warnings,
        ...offer
      } = await step("validate", ({ signal }) =>
        validateRequest(ports, selectProvider(ports.providers, request.provider), request, signal),
      );
      // By its name, because a worker that takes over may have another default.
      const provider = selectProvider(ports.providers, chosen);
      const agent = {
        name: request.name,
        provider: provider.name,
        host: hostNameFor(request.name, id),
        lastOperation: id,
      };

      await step("reserve", ({ signal }) =>
        reserveName(ports, { ...agent, bots, settings, state: "deploying", createdAtMs: now() }, signal),
      );
      const {
        image: chosenImage,
        tooOldDays,
        system: systemName,
      } = await step("image", async ({ signal, detail }) => {
        const { current, maxAgeDays } = await provider.images.status(signal);
        const image =
          current ??
          (
            await provider.images.build(
              ({ stage, number, of }) => detail(`${stage} (${number} of ${of}, needed once)`),
              signal,
            )
          ).image;
        const isOld = isTooOld(image, maxAgeDays, now());
        return {
          ...{ image: image.id, fingerprint: image.fingerprint, system: image.system },
          tooOldDays: isOld ? daysOld(image, now()) : null,
        };
      });
      const system = systemOf(ports.systems, systemName);
      const host = await step("create", (progress) =>
        createHost(
          ports,
          { provider, system },
          {
            id,
            agent: request.name,
            region: offer.region ?? request.region,
            size: offer.size ?? request.size,
            image: chosenImage,
          },
          progress,
        ),
      );

      const machine = machineWith(ports, host);
      await using connection = connectionTo(machine, elapsed);
      await step("reach", async ({ signal }) => {
        await connection.use(signal, async () => undefined);
        return {};
      });
      // The gateway's start and the rest of the host's first boot need nothing of each other.
      const [gateway] = await Promise.all([
        bringUpGateway(ports, context, {
          agent: request.name,
          machine,
          connection,
          ...{ memoryMb, model, given, bots, hasSettings: settings !== null },
        }),
        settleHost(context, machine, connection),
      ]);
      await step("record", async ({ signal }) => {
        const { settings: now, change } = await agentNamed(ports.registry, request.name);
        const kept = change?.operation === id ? change.after : { ...now, applied: now.applied ?? NO_SETTINGS };
        await connection.use(signal, async (shell) => {
          await machine.gateway.settings.keep(shell, kept, signal);
          // Last: it says that everything else is there.
          await writeProof(shell, signal);
        });
        await ports.registry.put({ ...agent, state: "serving", createdAtMs: host.createdAtMs, settings: kept });
        return {};
      });
      return {
        ...{ agent: request.name, host: host.name, address: host.address, tooOldDays, ...gateway },
        ...{
          model,
          waiting,
          bots: { telegram: bots.telegram?.name ?? null, discord: bots.discord?.name ?? null },
          warnings,
        },
      };
    },

    undo: undoDeploy(ports),
  });
}
