import { z } from "zod";
import type { AgentRegistry } from "../../core/agent.ts";
import { hostNameFor } from "../../core/names.ts";
import { findStep, mayHaveBegun, type Operation } from "../../core/operation.ts";
import { defineUndo, PATIENT } from "../definition.ts";
import { consoleEvidence } from "../evidence.ts";
import { hostExists } from "../go-on-serving.ts";
import { type Providers, selectProvider } from "../providers.ts";
import { host as hostSchema, nothing } from "../schemas.ts";
import { withoutChange } from "../settings/under-way.ts";
import { type DeployParams, deploySteps } from "./steps.ts";

/**
 * After a failed deploy the host is kept, so that its logs can be read, and the agent is marked as failed; after a cancelled one,
 * or when there is no host, nothing is kept. The host goes by its own name, whatever was done about the agent since: an agent that has another
 * host is not touched, nor is a host on which another operation has made the agent serve.
 */
export function undoDeploy(ports: { readonly providers: Providers; readonly registry: AgentRegistry }) {
  return defineUndo({
    steps: {
      survey: {
        ...PATIENT,
        title: "See what was made",
        output: z.strictObject({
          // Of its host; null: none was asked for.
          provider: z.string().nullable(),
          host: hostSchema.nullable(),
          // Whose host the agent of this name has. Journals of an older Creel do not say it.
          agent: z.enum(["none", "other", "ours", "serving"]).default("ours"),
        }),
      },
      unmake: { ...PATIENT, title: "Remove the host", output: nothing },
      conclude: { ...PATIENT, title: "Write down how it ended", output: nothing },
    },

    async run({ id, step, past }, request: DeployParams, error) {
      const hostName = hostNameFor(request.name, id);
      const survey = await step("survey", async ({ signal }) => {
        const record = await ports.registry.get(request.name);
        const isOurs = record?.host === hostName;
        const isServing = isOurs && record.state === "serving" && record.lastOperation !== id;
        const agent = isServing ? "serving" : isOurs ? "ours" : record === null ? "none" : "other";
        if (!mayHaveBegun(past, "create")) return { provider: null, host: null, agent };
        const provider = isOurs ? record.provider : chosenProvider(past);
        const host = await selectProvider(ports.providers, provider).find(hostName, signal);
        return { provider, host: host && { ...host }, agent };
      });
      const { host } = survey;
      const exists = host === null ? [] : [hostExists(host)];
      if (survey.agent === "serving") {
        const serves = `Agent ${request.name} was brought into service since, and is left as it is.`;
        return { leftBehind: [...exists, serves], nextCommands: [`/status agent:${request.name}`] };
      }
      const isKept = host !== null && survey.agent === "ours" && error.code !== "cancelled";
      await step("unmake", async ({ signal }) => {
        // Also one that was not found: a part of it may be there.
        if (survey.provider !== null && !isKept) {
          await selectProvider(ports.providers, survey.provider).destroy(hostName, signal);
        }
        return {};
      });
      await step("conclude", async () => {
        const agent = await ports.registry.get(request.name);
        if (agent?.host !== hostName) return {};
        if (isKept) await ports.registry.put({ ...withoutChange(agent), state: "failed" });
        else await ports.registry.remove(agent.name);
        return {};
      });
      if (!isKept) {
        const next = survey.agent === "other" ? `/status agent:${request.name}` : `/deploy name:${request.name}`;
        return { leftBehind: [], nextCommands: [next] };
      }
      const provider = selectProvider(ports.providers, survey.provider);
      return {
        leftBehind: [...exists, `Agent ${request.name} is marked as failed; deploying it again replaces the host.`],
        nextCommands: [`/logs agent:${request.name}`, `/deploy name:${request.name}`, `/destroy agent:${request.name}`],
        evidence: await consoleEvidence(error, (lines) => provider.consoleTail(hostName, lines)),
      };
    },

    left: (operation) =>
      operation.agent !== null && mayHaveBegun(operation, "reserve")
        ? [
            `Host ${hostNameFor(operation.agent, operation.id)} may exist, and the agent ${operation.agent} is half-made.`,
          ]
        : [],
  });
}

/** Where the host was asked for. By its name: a worker that takes over may have another default. */
function chosenProvider(past: Operation): string {
  return deploySteps.validate.output.parse(findStep(past, "validate")?.output).provider;
}
