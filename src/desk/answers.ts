import type { Command, CommandRequest } from "../../commands/command.ts";
import { usageOf } from "../../commands/usage.ts";
import { findCommand } from "../../commands/validate.ts";
import type { Actor } from "../core/actor.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Answer, HelpEntry } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";
import type { OperationId } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";
import type { Questions } from "./questions.ts";

const HISTORY_LENGTH = 20;

interface Sources {
  readonly commands: readonly Command[];
  readonly operations: Operations;
  readonly audit: AuditLog;
  readonly questions: Questions;
  readonly now: () => number;
}

export type Question = Exclude<CommandRequest, { readonly type: "operation" }>;

export async function answer(sources: Sources, actor: Actor, question: Question): Promise<Answer> {
  switch (question.type) {
    case "status":
      return sources.questions.status(question.agent);
    case "logs":
      return sources.questions.logs(question.agent, question.lines);
    case "snapshot":
      return sources.questions.snapshot();
    case "history":
      return {
        type: "history",
        events: await sources.audit.recent({ agent: question.agent, limit: HISTORY_LENGTH }),
      };
    case "help":
      return { type: "help", entries: help(sources.commands, question.command) };
    case "cancel":
      return cancel(sources, actor, question.operation);
  }
}

function help(commands: readonly Command[], about: string | null): HelpEntry[] {
  if (about === null) return commands.map((command) => ({ usage: usageOf(command), summary: command.summary }));
  const command = findCommand(about, commands);
  const options = command.options.map((option) => ({ usage: `${option.name}:`, summary: option.summary }));
  return [{ usage: usageOf(command), summary: command.summary }, ...options];
}

async function cancel(sources: Sources, actor: Actor, id: OperationId): Promise<Answer> {
  const operation = await sources.operations.get(id);
  if (operation === null) {
    throw new OpsError({
      code: "not-found",
      userMessage: `There is no operation ${id}.`,
      hint: "/history lists operations with their ids.",
    });
  }
  if (isEnded(operation)) return { type: "cancel", operation, accepted: false };
  // Written down first: a request to stop something should be on record even when the store fails right after it.
  await sources.audit.append({
    atMs: sources.now(),
    actor,
    what: "cancel-requested",
    subject: operation.kind,
    agent: operation.agent,
    operation: id,
    note: null,
  });
  const accepted = await sources.operations.cancel(id);
  return { type: "cancel", operation: (await sources.operations.get(id)) ?? operation, accepted };
}
