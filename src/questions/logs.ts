import { message } from "../core/message.ts";
import type { AgentName } from "../core/names.ts";
import { redactLines } from "../core/redaction.ts";
import { readLogs } from "../fleet/inspect.ts";
import type { Question } from "./question.ts";

const MAX_LOG_LINE = 2000;

interface Log {
  readonly agent: AgentName;
  /** Oldest first, redacted. */
  readonly lines: readonly string[];
}

/** The end of an agent's log: its last `lines` lines. */
export const logs: Question<{ readonly agent: AgentName; readonly lines: number }, Log> = {
  async ask({ services, redact }, { agent, lines }) {
    return { agent, lines: redactLines(await readLogs(services, agent, lines), redact, MAX_LOG_LINE) };
  },
  show({ agent, lines }) {
    if (lines.length === 0) return message(`The log of ${agent} is empty.`, "plain", [], { private: true });
    const count = lines.length === 1 ? "The last line" : `The last ${lines.length} lines`;
    return message(`${count} of ${agent}`, "plain", [{ type: "log", lines }], { private: true });
  },
};
