import { hostNameFor } from "../../core/names.ts";
import { defineOperation } from "../definition.ts";
import { type Services, selectProvider } from "../services.ts";
import { cleanUpDeploy } from "./cleanup.ts";
import { connectionTo } from "./connection.ts";
import { bringUpGateway } from "./gateway.ts";
import { createHost, reserveName, settleHost, validateRequest } from "./host.ts";
import { writeProof } from "./proof.ts";
import { deployParams, deploySteps } from "./steps.ts";

/** `/deploy`: a host, the gateway on it, and proof that it is healthy and closed to strangers. */
export function deployOperation(services: Services) {
  return defineOperation({
    kind: "deploy",
    version: 1,
    lane: "hosts",
    params: deployParams,
    steps: deploySteps,

    async run(context, request) {
      const { id, step, now } = context;
      const { memoryMb, provider: chosen } = await step("validate", () =>
        validateRequest(services, selectProvider(services, request.provider), request),
      );
      // By its name, because a worker that takes over may have another default.
      const provider = selectProvider(services, chosen);
      const agent = {
        name: request.name,
        provider: provider.name,
        host: hostNameFor(request.name, id),
        lastOperation: id,
      };

      await step("reserve", () => reserveName(services, { ...agent, state: "deploying", createdAtMs: now() }));
      await step("snapshot", async ({ signal, detail }) => {
        const { current } = await provider.snapshots.status();
        const snapshot =
          current ??
          (await provider.snapshots.build(
            ({ stage, number, of }) => detail(`${stage} (${number} of ${of}, needed once)`),
            signal,
          ));
        return { fingerprint: snapshot.fingerprint };
      });
      const host = await step("create", ({ signal }) => createHost(services, provider, { id, request }, signal));

      await using connection = connectionTo(host, { shells: services.shells, provider, now });
      await step("reach", async ({ signal }) => {
        await connection.use(signal, async () => undefined);
        return {};
      });
      const view = provider.outsideView(host, services.gatewaySettings.port);
      // The gateway's start and the rest of the host's first boot need nothing of each other.
      const [version] = await Promise.all([
        bringUpGateway(services, context, { connection, view, agent: request.name, memoryMb }),
        settleHost(services, context, { connection, provider, host }),
      ]);
      await step("record", async ({ signal }) => {
        await connection.use(signal, (shell) => writeProof(shell, signal));
        await services.registry.put({ ...agent, state: "serving", createdAtMs: host.createdAtMs });
        return {};
      });
      return { agent: request.name, host: host.name, address: host.address, version };
    },

    cleanup: ({ id, signal }, request, error) => cleanUpDeploy(services, { id, request, error }, signal),
  });
}
