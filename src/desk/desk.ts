import { actionFor } from "../../commands/action.ts";
import type { Command, CommandRequest, Confirmation } from "../../commands/command.ts";
import { type Reading, readCommand } from "../../commands/read.ts";
import { understand } from "../../commands/understand.ts";
import { type Actor, type Authority, rankOf } from "../core/actor.ts";
import type { AuditLog } from "../core/audit.ts";
import type { ChannelMemory, Origin, RateLimiter } from "../core/chat.ts";
import type { Desk, Reply, Submission } from "../core/desk.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import { type AgentName, isAgentName, quoteForMessage } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import { checkEntered, type Learn } from "../core/private-question.ts";
import { redactError } from "../core/redaction.ts";
import { Secret, type SecretRef } from "../core/secrets.ts";
import type { TicketId } from "../core/ticket.ts";
import type { Operations } from "../operations/journal.ts";
import type { Look, QuestionPorts, Sources } from "../questions/question.ts";
import { complete as choicesFor } from "./completion.ts";
import { checkAgentKnown, checkAnythingToName } from "./known-agents.ts";
import { checkRate, type Limits } from "./limits.ts";
import { createPrivateQuestions, type PrivateQuestions } from "./private-questions.ts";
import { checkSecretRefs } from "./secret-refs.ts";
import { createStrangers, type Strangers } from "./strangers.ts";
import { createTickets, type Tickets } from "./tickets.ts";

export interface DeskParts {
  readonly commands: readonly Command[];
  readonly authority: Authority;
  readonly operations: Operations;
  readonly audit: AuditLog;
  readonly services: QuestionPorts;
  readonly memory: ChannelMemory;
  readonly limiter: RateLimiter;
  readonly limits: Limits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since some moment; nobody can set it. */
  readonly elapsed: () => number;
  /** Hides credentials: people paste them into the wrong place, and refusals are written down. */
  readonly redact: (text: string) => string;
  /** What Creel's own settings refer to. */
  readonly ownSecrets: readonly SecretRef[];
  /** Of what is entered, before anything else is done with it. */
  readonly learn: Learn;
  /** Unguessable; printable ASCII of at most 40 bytes. */
  readonly makeTicketId: () => string;
}

interface Parts extends DeskParts {
  readonly strangers: Strangers;
  readonly questions: PrivateQuestions;
}

const RECENT = 50;
const UNREADABLE: Submission = { command: "unreadable line", options: {}, confirmation: null };

export function createDesk(parts: DeskParts): Desk {
  const { memory, now, elapsed, makeTicketId: makeId } = parts;
  const tickets = createTickets({ memory, now, elapsed, makeId });
  const strangers = createStrangers({ append: (event) => parts.audit.append(event), now, elapsed });
  const questions = createPrivateQuestions({ memory, now, elapsed, makeId });
  const whole: Parts = { ...parts, strangers, questions };
  const entering = new Map<TicketId, Promise<unknown>>();
  const rank = (actor: Actor) => rankOf(actor, parts.authority);
  /** @returns whether the stranger should be told so. */
  const turnAway = (actor: Actor, attempt: Submission): boolean => {
    const subject = parts.redact(attempt.command).slice(0, 40);
    return strangers.attempted(actor, { subject, agent: agentIn(attempt), note: notPermitted(actor).userMessage });
  };
  const orRefuse = async (actor: Actor, attempt: Submission, reply: () => Promise<Reply>): Promise<Reply> => {
    try {
      return await reply();
    } catch (error) {
      const known = redactError(asOpsError(error), parts.redact);
      if (rank(actor) !== "stranger") {
        return { type: "refused", error: await recordRefusal(parts, actor, attempt, known) };
      }
      turnAway(actor, attempt);
      return { type: "refused", error: known };
    }
  };
  return {
    turnAway(actor, attempt) {
      if (rank(actor) !== "stranger") return null;
      return turnAway(actor, attempt() ?? UNREADABLE) ? "tell" : "ignore";
    },
    submit(actor, submission, origin) {
      // In a chat a confirmation is an answered ticket, never something that was typed along with the command.
      const understood = understand(submission, parts.commands);
      const asked = origin === undefined ? understood : { ...understood, confirmation: null };
      return orRefuse(actor, asked, () => serve(whole, tickets, actor, asked, origin));
    },
    refuse: (actor, error) =>
      orRefuse(actor, UNREADABLE, async () => {
        throw rank(actor) === "stranger" ? notPermitted(actor) : error;
      }),
    async bind(ticket, message) {
      if (!(await questions.bind(ticket, message))) await tickets.bind(ticket, message);
    },
    askedInPrivate: async (actor) => (rank(actor) === "stranger" ? null : questions.asked(actor)),
    async enter(actor, ticket, value) {
      // One at a time: of two that are entered at once the second one finds the question closed.
      const mine = (entering.get(ticket) ?? Promise.resolve()).then(async () => {
        const attempt: Submission = { command: "enter", options: {}, confirmation: null };
        return orRefuse(actor, attempt, async () => {
          if (rank(actor) === "stranger") throw notPermitted(actor);
          const { submission, origin } = await questions.check(actor, ticket);
          return orRefuse(actor, submission, () => take(whole, actor, ticket, value, submission, origin));
        });
      });
      entering.set(ticket, mine);
      const reply = await mine;
      if (entering.get(ticket) === mine) entering.delete(ticket);
      return reply;
    },
    async leave(actor, ticket) {
      if (rank(actor) !== "stranger") await questions.close(actor, ticket);
    },
    async answer(actor, ticket, message, answer) {
      const attempt = { command: answer === "yes" ? "confirm" : "decline", options: {}, confirmation: null };
      return orRefuse(actor, attempt, async () => {
        if (rank(actor) === "stranger") throw notPermitted(actor);
        const { submission, origin } = await tickets.check(ticket, actor, message);
        const reply: Reply =
          answer === "yes"
            ? await orRefuse(actor, submission, () => serve(whole, tickets, actor, submission, origin))
            : { type: "declined" };
        if (answer === "no") await recordRefusal(parts, actor, submission, declined());
        await tickets.close(ticket);
        return reply;
      });
    },
    async complete(actor, command, option, prefix) {
      return rank(actor) === "stranger" ? [] : choicesFor(parts, command, option, prefix);
    },
    async unfinished(actor) {
      if (rank(actor) === "stranger") return [];
      const recent = await parts.operations.recent({ agent: null, limit: RECENT });
      return recent.filter((operation) => !isEnded(operation));
    },
    async *watch(actor, operation, signal) {
      if (rank(actor) === "stranger") {
        const attempt = { command: "watch", options: {}, confirmation: null };
        turnAway(actor, attempt);
        throw notPermitted(actor);
      }
      yield* parts.operations.watch(operation, signal);
    },
  };
}

async function serve(
  parts: Parts,
  tickets: Tickets,
  actor: Actor,
  submission: Submission,
  origin: Origin | undefined,
): Promise<Reply> {
  const rank = rankOf(actor, parts.authority);
  if (rank === "stranger") throw notPermitted(actor);
  refuseCredentials(parts, submission);
  const { command, request } = await complete(parts, readCommand(submission, parts.commands));
  checkSecretRefs(command, submission, { actor, rank, own: parts.ownSecrets });
  const isConfirmed = request.type === "operation" && request.confirmation !== undefined;
  if (isConfirmed && rank !== "owner") throw onlyForOwners(actor, command);
  if (request.type === "operation" && origin !== undefined) {
    // Delivered twice: it was let in, and what it has begun must not refuse it now.
    const earlier = await parts.operations.earlier(origin);
    if (earlier !== null) return { type: "operation", operation: earlier };
  }
  const sources = sourcesFor(parts, actor, origin);
  const look = lookWith(parts);
  const instead = submission.confirmation === null ? await nothingToDo(request, sources, look) : null;
  if (instead !== null) return { type: "answer", message: instead, ends: null };
  await checkAgentKnown({ ...parts, registry: parts.services.registry }, command, submission);
  if (request.type === "operation") await parts.operations.check(request);
  // A confirmed command was counted when it was asked about.
  const confirmation = await confirmationOf(request, sources);
  const isCounted = origin !== undefined && submission.confirmation === null;
  if (isCounted) await checkRate(parts.limiter, parts.limits, actor, command.name);
  if (confirmation !== null && submission.confirmation === null) {
    const { question, expected } = confirmation;
    const confirmed = { ...submission, confirmation: expected };
    const ticket = origin === undefined ? null : await tickets.open(actor, confirmed, origin);
    return { type: "confirm", question, expected, ticket };
  }
  if (confirmation !== null) checkConfirmed(submission.confirmation ?? "", confirmation.expected);
  return await carryOut(parts, request, [sources, look], { submission, origin });
}

/** What was entered makes the request that was kept complete. Everything about it is looked at again: it was asked up to two minutes ago. */
async function take(
  parts: Parts,
  actor: Actor,
  ticket: TicketId,
  entered: Secret,
  submission: Submission,
  origin: Origin | undefined,
): Promise<Reply> {
  const value = new Secret(checkEntered(entered.reveal()));
  parts.learn(value);
  const { command, request } = await complete(parts, readCommand(submission, parts.commands));
  if (request.type !== "operation") throw new OpsError({ code: "internal", userMessage: "Nothing was asked for." });
  await checkAgentKnown({ ...parts, registry: parts.services.registry }, command, submission);
  const sources = sourcesFor(parts, actor, origin);
  const need = (await request.needs?.(sources)) ?? null;
  const wanted = need === null ? request : await need.take(value, sources);
  await parts.operations.check(wanted);
  const { kind, params, agent } = wanted;
  const operation = await parts.operations.enqueue({ kind, params, agent, requestedBy: actor, origin });
  await parts.questions.close(actor, ticket);
  return { type: "operation", operation };
}

async function confirmationOf(request: CommandRequest, sources: Sources): Promise<Confirmation | null> {
  if (request.type !== "operation" || request.confirmation === undefined) return null;
  const { confirmation } = request;
  return typeof confirmation === "function" ? await confirmation(sources) : confirmation;
}

/** @throws OpsError that says best why something is missing. */
async function complete(parts: DeskParts, reading: Reading): Promise<Extract<Reading, { type: "complete" }>> {
  if (reading.type === "complete") return reading;
  await checkAnythingToName({ ...parts, registry: parts.services.registry }, reading.missing);
  throw reading.refusal;
}

async function nothingToDo(request: CommandRequest, sources: Sources, look: Look): Promise<Message | null> {
  return request.type === "operation" ? ((await request.nothingToDo?.(sources, look)) ?? null) : null;
}

async function carryOut(
  { operations, questions }: Parts,
  request: CommandRequest,
  [sources, look]: readonly [Sources, Look],
  { submission, origin }: { readonly submission: Submission; readonly origin: Origin | undefined },
): Promise<Reply> {
  switch (request.type) {
    case "question":
      return { type: "answer", message: await request.answer(sources, look), ends: null };
    case "control":
      return await request.carryOut(sources, look);
    case "operation": {
      const { kind, params, agent } = request;
      const { actor } = sources;
      const { question } = (await request.needs?.(sources)) ?? { question: null };
      if (question !== null) {
        const ticket = await questions.open(actor, question, { submission, origin });
        return { type: "ask-privately", question, ticket };
      }
      const operation = await operations.enqueue({ kind, params, agent, requestedBy: actor, origin });
      return { type: "operation", operation };
    }
  }
}

function sourcesFor(parts: Parts, actor: Actor, origin: Origin | undefined): Sources {
  const { services, operations, audit, strangers, now, redact } = parts;
  const has = (one: Actor) => rankOf(one, parts.authority) === "stranger";
  return {
    ...{ actor, place: origin?.place ?? null, services, operations, audit, now, redact },
    strangers: { has, flush: () => strangers.flush() },
  };
}

function lookWith({ commands, now }: DeskParts): Look {
  return { nowMs: now(), action: (line) => actionFor(line, commands) };
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
  if (given.toLowerCase() === expected) return;
  throw new OpsError({
    code: "confirmation-required",
    userMessage: given === "" ? "Nothing was done: it was not confirmed." : "Nothing was done: that does not match.",
    hint: `It goes ahead when you confirm it with ${expected}.`,
  });
}

function declined(): OpsError {
  return new OpsError({ code: "confirmation-required", userMessage: "Nothing was done." });
}

/** Of Creel and its settings it says nothing: in a chat it goes to anybody who finds the bot. */
function notPermitted({ channel, user }: Actor): OpsError {
  const userMessage = channel === "terminal" ? "Sorry, only owners may ask Creel for this." : "This bot is private.";
  return new OpsError({
    code: "not-permitted",
    userMessage,
    hint: `Its owner can let you in by your id: ${quoteForMessage(user)}`,
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
      note: error.userMessage,
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
