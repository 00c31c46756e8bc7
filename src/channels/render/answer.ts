import type { AuditEvent } from "../../core/audit.ts";
import type { Answer, SnapshotSummary } from "../../core/desk.ts";
import { formatAgo, formatBytes } from "../../core/measures.ts";
import { isEnded } from "../../core/operation.ts";
import { type Block, type Message, message, text } from "../message.ts";
import { actionFor } from "./actions.ts";
import { renderStatus } from "./status.ts";
import { doing } from "./words.ts";

export function renderAnswer(answer: Answer, nowMs: number): Message {
  switch (answer.type) {
    case "status":
      return renderStatus(answer.agents, answer.nowMs);
    case "logs":
      return logs(answer);
    case "history":
      return history(answer.events, nowMs);
    case "help":
      return help(answer);
    case "cancel":
      return cancel(answer);
    case "snapshot":
      return snapshot(answer, nowMs);
  }
}

type AnswerOf<Type extends Answer["type"]> = Extract<Answer, { readonly type: Type }>;

function logs({ agent, lines }: AnswerOf<"logs">): Message {
  if (lines.length === 0) return message(`The log of ${agent} is empty.`, "plain", []);
  const count = lines.length === 1 ? "The last line" : `The last ${lines.length} lines`;
  return message(`${count} of ${agent}`, "plain", [{ type: "log", lines }], { private: true });
}

function history(events: readonly AuditEvent[], nowMs: number): Message {
  if (events.length === 0) return message("Nothing has happened yet.", "plain", []);
  const table: Block = {
    type: "table",
    head: ["When", "Who", "What", "Operation", "Note"],
    rows: events.map((event) => [
      formatAgo(nowMs - event.atMs),
      event.actor.name,
      [event.what.replace("-", " "), event.subject, event.agent].filter((part) => part !== null).join(" "),
      event.operation ?? "",
      event.note ?? "",
    ]),
  };
  // Refusals are in it, which are nobody else's business.
  return message("Newest first", "plain", [table], { private: true });
}

function help({ entries }: AnswerOf<"help">): Message {
  const fields = entries.map(({ usage, summary }) => ({ name: usage, value: summary }));
  const [first] = entries;
  // The help of one command starts with the command; its options follow.
  if (first !== undefined && entries.slice(1).every((entry) => !entry.usage.startsWith("/"))) {
    return message(first.usage, "plain", [text(`${first.summary}.`), { type: "fields", fields: fields.slice(1) }], {
      private: true,
    });
  }
  const hint = text("Options in [brackets] may be left out. /help command:deploy explains one.");
  return message("Commands", "plain", [{ type: "fields", fields }, hint], { private: true });
}

function cancel({ operation, accepted }: AnswerOf<"cancel">): Message {
  if (!accepted) return message(`${doing(operation)} has already ended: ${operation.state}.`, "plain", []);
  const end = isEnded(operation) ? "It has stopped." : "It stops after cleaning up behind itself.";
  return message(`${doing(operation)} is being cancelled.`, "good", [text(end)]);
}

function snapshot(answer: AnswerOf<"snapshot">, nowMs: number): Message {
  const rows = answer.all.map((one) => describe(one, answer.current, nowMs));
  const head = ["Snapshot", "OpenClaw", "Size", "Made", ""];
  if (answer.current !== null) {
    return message("The snapshot is up to date.", "good", [{ type: "table", head, rows }]);
  }
  const why =
    rows.length === 0
      ? "There is no snapshot yet. The first deploy builds it, which takes some minutes; or build it now."
      : `What goes into it has changed: the next deploy first builds ${answer.wanted.slice(0, 12)}, which takes some minutes; or build it now.`;
  const blocks: Block[] = [
    { type: "text", text: why },
    { type: "table", head, rows },
  ];
  return message("A snapshot has to be built.", "plain", blocks, { actions: [actionFor("/image build")] });
}

function describe(one: SnapshotSummary, current: SnapshotSummary | null, nowMs: number): string[] {
  const used = one.fingerprint === current?.fingerprint ? "in use" : "kept";
  const made = formatAgo(nowMs - one.createdAtMs);
  return [one.fingerprint.slice(0, 12), one.openclawVersion, formatBytes(one.sizeBytes), made, used];
}
