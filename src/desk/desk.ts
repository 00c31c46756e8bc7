import type { Command } from "../../commands/command.ts";
import { findCommand, validateOptions } from "../../commands/validate.ts";
import { type Actor, type Authority, rankOf } from "../core/actor.ts";
import type { AgentRegistry } from "../core/agent.ts";
import type { AuditLog } from "../core/audit.ts";
import type { ChannelMemory, Origin, RateLimiter } from "../core/chat.ts";
import type { Desk, Reply, Submission } from "../core/desk.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import { type AgentName, isAgentName, quoteForMessage } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";
import { answer } from "./answers.ts";
import { complete } from "./completion.ts";
import { checkAgentKnown } from "./known-agents.ts";
import { asksTooOften, checkRate, type Limits } from "./limits.ts";
import type { Questions } from "./questions.ts";
import { createTickets, type Tickets } from "./tickets.ts";

export interface DeskParts {
  readonly commands: readonly Command[];
  readonly authority: Authority;
  readonly operations: Operations;
  readonly audit: AuditLog;
  readonly registry: AgentRegistry;
  readonly questions: Questions;
  readonly memory: ChannelMemory;
  readonly limiter: RateLimiter;
  readonly limits: Limits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hides credentials: people paste them into the wrong place, and refusals are written down. */
  readonly redact: (text: string) => string;
  /** Unguessable; printable ASCII of at most 40 bytes. */
  readonly makeTicketId: () => string;
}

const RECENT = 50;
const UNREADABLE: Submission = { command: "unreadable line", options: {}, confirmation: null };
/** So many refusals of a stranger are written down per hour; more would push out what matters. */
const STRANGER_REFUSALS = 60;

export function createDesk(parts: DeskParts): Desk {
  const tickets = createTickets({ memory: parts.memory, now: parts.now, makeId: parts.makeTicketId });
  const rank = (actor: Actor) => rankOf(actor, parts.authority);
  const orRefuse = async (actor: Actor, attempt: Submission, reply: () => Promise<Reply>): Promise<Reply> => {
    try {
      return await reply();
    } catch (error) {
      const known = asOpsError(error);
      const isFlood = rank(actor) === "stranger" && (await asksTooOften(parts.limiter, actor, STRANGER_REFUSALS));
      return { type: "refused", error: isFlood ? known : await recordRefusal(parts, actor, attempt, known) };
    }
  };
  return {
    submit(actor, submission, origin) {
      // In a chat a confirmation is an answered ticket, never something that was typed along with the command.
      const asked = origin === undefined ? submission : { ...submission, confirmation: null };
      return orRefuse(actor, asked, () => serve(parts, tickets, actor, asked, origin));
    },
    refuse: (actor, error) =>
      orRefuse(actor, UNREADABLE, async () => {
        throw rank(actor) === "stranger" ? notPermitted(actor) : error;
      }),
    bind: (ticket, message) => tickets.bind(ticket, message),
    async answer(actor, ticket, message, answer) {
      const attempt = { command: answer === "yes" ? "confirm" : "decline", options: {}, confirmation: null };
      return orRefuse(actor, attempt, async () => {
        if (rank(actor) === "stranger") throw notPermitted(actor);
        const { submission, origin } = await tickets.check(ticket, actor, message);
        const reply: Reply =
          answer === "yes"
            ? await orRefuse(actor, submission, () => serve(parts, tickets, actor, submission, origin))
            : { type: "declined" };
        if (answer === "no") await recordRefusal(parts, actor, submission, declined());
        await tickets.close(ticket);
        return reply;
      });
    },
    async complete(actor, command, option, prefix) {
      return rank(actor) === "stranger" ? [] : complete(parts, command, option, prefix);
    },
    async unfinished(actor) {
      if (rank(actor) === "stranger") return [];
      const recent = await parts.operations.recent({ agent: null, limit: RECENT });
      return recent.filter((operation) => !isEnded(operation));
    },
    async *watch(actor, operation, signal) {
      if (rank(actor) === "stranger") {
        const attempt = { command: "watch", options: {}, confirmation: null };
        throw await recordRefusal(parts, actor, attempt, notPermitted(actor));
      }
      yield* parts.operations.watch(operation, signal);
    },
  };
}

async function serve(
  parts: DeskParts,
  tickets: Tickets,
  actor: Actor,
  submission: Submission,
  origin: Origin | undefined,
): Promise<Reply> {
  const rank = rankOf(actor, parts.authority);
  if (rank === "stranger") throw notPermitted(actor);
  refuseCredentials(parts, submission);
  const command = findCommand(submission.command, parts.commands);
  const request = command.request(validateOptions(command, submission.options));
  const confirmation = command.confirmation(request);
  if (confirmation !== null && rank !== "owner") throw onlyForOwners(actor, command);
  await checkAgentKnown(parts, command, request, submission);
  // A confirmed command was counted when it was asked about.
  const isCounted = origin !== undefined && submission.confirmation === null;
  if (isCounted) await checkRate(parts.limiter, parts.limits, actor, command.name);
  if (confirmation !== null) {
    const { question, expected } = confirmation;
    if (submission.confirmation === null) {
      const confirmed = { ...submission, confirmation: expected };
      const ticket = origin === undefined ? null : await tickets.open(actor, confirmed, origin);
      return { type: "confirm", question, expected, ticket };
    }
    checkConfirmed(submission.confirmation, expected);
  }
  if (request.type !== "operation") return { type: "answer", answer: await answer(parts, actor, request) };
  const { kind, params, agent } = request;
  const operation = await parts.operations.enqueue({ kind, params, agent, requestedBy: actor, origin });
  return { type: "operation", operation };
}

/** Before anything quotes it: a part of a credential is not recognised as one any more. */
function refuseCredentials({ redact }: DeskParts, { command, options }: Submission): void {
  if ([command, ...Object.values(options)].every((text) => redact(text) === text)) return;
  throw new OpsError({
    code: "input-invalid",
    userMessage: "That looks like a credential. Nothing was done with it, and Creel has not written it down.",
    hint: "Delete what you typed where others can read it. If the credential is real, make a new one.",
  });
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

function declined(): OpsError {
  return new OpsError({ code: "confirmation-required", userMessage: "Nothing was done." });
}

function notPermitted(actor: Actor): OpsError {
  return new OpsError({
    code: "not-permitted",
    userMessage: "Sorry, only owners may ask Creel for this.",
    hint: `An owner can add ${quoteForMessage(actor.user)} to ${settingFor(actor)} in creel.yaml.`,
  });
}

function onlyForOwners(actor: Actor, command: Command): OpsError {
  return new OpsError({
    code: "not-permitted",
    userMessage: `Sorry, only owners may use /${command.name} like that; you are an operator.`,
    hint: `Ask an owner to do it, or to add ${quoteForMessage(actor.user)} to ${settingFor(actor)} in creel.yaml.`,
  });
}

function settingFor({ channel }: Actor): string {
  return channel === "discord" ? "owners.discord.users" : `owners.${channel}`;
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
      subject: parts.redact(submission.command).slice(0, 40),
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
