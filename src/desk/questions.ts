import type { Answer } from "../core/desk.ts";
import type { AgentName } from "../core/names.ts";

type AnswerOf<Type extends Answer["type"]> = Extract<Answer, { readonly type: Type }>;

/** Questions whose answers live outside Creel's own records. Each may throw any OpsError; log lines come redacted. */
export interface Questions {
  /** `agent` null means all, sorted by name. What cannot be asked in time is reported as unknown, not thrown. */
  status(agent: AgentName | null): Promise<AnswerOf<"status">>;
  /** The last `lines` lines, oldest first. */
  logs(agent: AgentName, lines: number): Promise<AnswerOf<"logs">>;
  snapshot(): Promise<AnswerOf<"snapshot">>;
}
