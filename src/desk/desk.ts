import type { Command } from "../../commands/command.ts";
import { findCommand, validateOptions } from "../../commands/validate.ts";
import { type Actor, isOwner, type Owners } from "../core/actor.ts";
import type { AgentRegistry } from "../core/agent.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Desk, Reply, Submission } from "../core/desk.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import { type AgentName, isAgentName, quoteForMessage } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";
import { answer } from "./answers.ts";
import { complete } from "./completion.ts";
import { checkAgentKnown } from "./known-agents.ts";
import type { Questions } from "./questions.ts";

export interface DeskParts {
  readonly commands: readonly Command[];
  readonly owners: Owners;
  readonly operations: Operations;
  readonly audit: AuditLog;
  readonly registry: AgentRegistry;
  readonly questions: Questions;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hides credentials: people paste them into the wrong place, and refusals are written down. */
  readonly redact: (text: string) => string;
}

const RECENT = 50;

export function createDesk(parts: DeskParts): Desk {
  return {
    async submit(actor, submission) {
      try {
        return await serve(parts, actor, submission);
      } catch (error) {
        return { type: "refused", error: await recordRefusal(parts, actor, submission, asOpsError(error)) };
      }
    },
    async complete(actor, command, option, prefix) {
      return isOwner(actor, parts.owners) ? complete(parts, command, option, prefix) : [];
    },
    async unfinished(actor) {
      if (!isOwner(actor, parts.owners)) return [];
      const recent = await parts.operations.recent({ agent: null, limit: RECENT });
      return recent.filter((operation) => !isEnded(operation));
    },
    async *watch(actor, operation, signal) {
      if (!isOwner(actor, parts.owners)) {
        const attempt = { command: "watch", options: {}, confirmation: null };
        throw await recordRefusal(parts, actor, attempt, notPermitted(actor));
      }
      yield* parts.operations.watch(operation, signal);
    },
  };
}

async function serve(parts: DeskParts, actor: Actor, submission: Submission): Promise<Reply> {
  if (!isOwner(actor, parts.owners)) throw notPermitted(actor);
  const command = findCommand(submission.command, parts.commands);
  const request = command.request(validateOptions(command, submission.options));
  await checkAgentKnown(parts, command, request, submission);
  const confirmation = command.confirmation(request);
  if (confirmation !== null) {
    if (submission.confirmation === null) return { type: "confirm", ...confirmation };
    checkConfirmed(submission.confirmation, confirmation.expected);
  }
  if (request.type !== "operation") return { type: "answer", answer: await answer(parts, actor, request) };
  const { kind, params, agent } = request;
  return {
    type: "operation",
    operation: await parts.operations.enqueue({ kind, params, agent, requestedBy: actor }),
  };
}

function checkConfirmed(given: string, expected: string): void {
  if (given.trim().toLowerCase() === expected) return;
  throw new OpsError({
    code: "confirmation-required",
    userMessage:
      given.trim() === "" ? "Nothing was done: it was not confirmed." : "Nothing was done: that does not match.",
    hint: `It goes ahead when you confirm it with ${expected}.`,
  });
}

function notPermitted(actor: Actor): OpsError {
  return new OpsError({
    code: "not-permitted",
    userMessage: "Sorry, only owners may ask Creel for this.",
    hint: `An owner can add ${quoteForMessage(actor.user)} to owners.${actor.channel} in creel.yaml.`,
  });
}

/** Returns what to tell the person. That an attempt could not be written down never turns a refusal into anything else. */
async function recordRefusal(
  parts: DeskParts,
  actor: Actor,
  submission: Submission,
  error: OpsError,
): Promise<OpsError> {
  try {
    await parts.audit.append({
      atMs: parts.now(),
      actor,
      what: "refused",
      subject: parts.redact(submission.command.slice(0, 40)),
      agent: agentIn(submission),
      operation: null,
      note: parts.redact(error.userMessage),
    });
    return error;
  } catch (auditError) {
    const { code, userMessage, hint, retry, evidence } = error;
    const cause = new AggregateError([error, auditError], "A refusal could not be written to the audit log.");
    return new OpsError({ code, userMessage, hint, retry, evidence, cause });
  }
}

function agentIn(submission: Submission): AgentName | null {
  const name = submission.options.agent ?? submission.options.name;
  return name !== undefined && isAgentName(name) ? name : null;
}
