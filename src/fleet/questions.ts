import { noSuchAgent } from "../core/agent.ts";
import type { Answer } from "../core/desk.ts";
import type { AgentName } from "../core/names.ts";
import type { Operations } from "../operations/journal.ts";
import { type Services, selectProvider } from "../operations/services.ts";
import { inspectAgent, readLogs } from "./inspect.ts";

type AnswerOf<Type extends Answer["type"]> = Extract<Answer, { readonly type: Type }>;

/** Answers about the world outside Creel's own records; the desk asks them. Log lines come redacted. */
export function fleetQuestions(
  services: Services,
  operations: Pick<Operations, "get">,
  { now, redact }: { readonly now: () => number; readonly redact: (text: string) => string },
) {
  return {
    async status(name: AgentName | null): Promise<AnswerOf<"status">> {
      const agents = name === null ? await services.registry.list() : [await services.registry.get(name)];
      const known = agents.filter((agent) => agent !== null);
      if (name !== null && known.length === 0) throw noSuchAgent(name);
      const statuses = await Promise.all(known.map((agent) => inspectAgent(services, operations, agent, now)));
      return { type: "status", agents: statuses, nowMs: now() };
    },

    async logs(agent: AgentName, lines: number): Promise<AnswerOf<"logs">> {
      const text = (await readLogs(services, agent, lines)).join("\n");
      // As one text: a private key spreads over several lines.
      return { type: "logs", agent, lines: text === "" ? [] : redact(text).split("\n") };
    },

    async snapshot(): Promise<AnswerOf<"snapshot">> {
      const { wanted, current, all } = await selectProvider(services, null).snapshots.status();
      return { type: "snapshot", wanted, current, all };
    },
  };
}
