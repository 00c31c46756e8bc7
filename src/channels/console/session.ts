import type { Command } from "../../../commands/command.ts";
import { parseLine } from "../../../commands/parse.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk, Reply } from "../../core/desk.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import { isOperationId, type OperationId, parseOperationId } from "../../core/names.ts";
import { isEnded, type Operation } from "../../core/operation.ts";
import type { PrivateQuestion } from "../../core/private-question.ts";
import { Secret } from "../../core/secrets.ts";
import { renderOutcome } from "../render/operation.ts";
import { notEntered } from "../render/private.ts";
import { renderRefusal } from "../render/refusal.ts";
import { renderDetached, renderLeaving, renderNothingToWatch } from "../render/terminal.ts";
import type { JobControl } from "./keyboard.ts";
import type { ProgressView } from "./progress.ts";
import type { Screen } from "./screen.ts";
import type { Unwatched } from "./unwatched.ts";

export interface SessionParts {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly commands: readonly Command[];
  readonly screen: Screen;
  readonly now: () => number;
  /** Made anew for every operation watched. */
  readonly progress: () => ProgressView;
  readonly onContinued: JobControl["onContinued"];
  readonly unwatched: Unwatched;
  /** What somebody typed when asked; empty when nobody can be asked. */
  readonly confirm: (question: string, expected: string) => Promise<string>;
  /** What somebody entered when asked for a secret, or why nothing was. `attempt` counts from 1. */
  readonly enter: (question: PrivateQuestion, attempt: number) => Promise<Secret | NotEntered>;
}

/** nobody: nobody sits there who could be asked · seen: the terminal would show what is typed. */
type NotEntered = "left" | "expired" | "nobody" | "seen";

export type LineResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The reason to abort `detach` with when the terminal itself goes away. */
export const LEAVING = "leaving";

const FINE: LineResult = { ok: true };

/** Does what one typed line asks for and shows it, to the end of its operation or until `detach` aborts. Never throws an OpsError. */
export async function runLine(parts: SessionParts, line: string, detach: AbortSignal): Promise<LineResult> {
  try {
    const watched = /^\/?watch(?:\s+(\S+))?\s*$/.exec(line.trim());
    if (watched !== null) return await watchAgain(parts, watched[1] ?? null, detach);
    const submission = parseLine(line, parts.commands);
    let reply = await parts.desk.submit(parts.actor, submission);
    if (reply.type === "confirm") {
      // An empty answer is submitted too, so that the desk can put the refusal on record.
      const confirmation = await parts.confirm(reply.question, reply.expected);
      reply = await parts.desk.submit(parts.actor, { ...submission, confirmation });
    }
    if (reply.type === "ask-privately") return await askPrivately(parts, reply, detach);
    return await showReply(parts, reply, detach);
  } catch (error) {
    return refuse(parts, asOpsError(error));
  }
}

/** Until it is good, or nobody wants to go on. */
async function askPrivately(
  parts: SessionParts,
  { question, ticket }: Extract<Reply, { type: "ask-privately" }>,
  detach: AbortSignal,
): Promise<LineResult> {
  const { desk, actor } = parts;
  for (let attempt = 1; ; attempt += 1) {
    const entered = await parts.enter(question, attempt);
    if (!(entered instanceof Secret)) {
      await desk.leave(actor, ticket);
      return refuse(parts, notEntered(question, entered));
    }
    const reply = await desk.enter(actor, ticket, entered);
    if (reply.type !== "refused") return showReply(parts, reply, detach);
    const result = refuse(parts, reply.error);
    const asked = await desk.askedInPrivate(actor);
    if (asked?.ticket !== ticket || !asked.isOpen || detach.aborted) return result;
  }
}

async function showReply(parts: SessionParts, reply: Reply, detach: AbortSignal): Promise<LineResult> {
  switch (reply.type) {
    case "answer":
      parts.screen.print(reply.message);
      if (reply.ends !== null) parts.unwatched.add(reply.ends);
      return FINE;
    case "operation":
      return follow(parts, reply.operation.id, reply.operation, detach);
    case "refused":
      return refuse(parts, reply.error);
    case "confirm":
    case "ask-privately":
    case "declined":
      return refuse(parts, new OpsError({ code: "internal", userMessage: "Something was asked for twice." }));
  }
}

function refuse({ screen }: SessionParts, error: OpsError): LineResult {
  screen.print(renderRefusal(error));
  return { ok: false, reason: error.userMessage };
}

async function watchAgain(parts: SessionParts, id: string | null, detach: AbortSignal): Promise<LineResult> {
  if (id !== null) return follow(parts, parseOperationId(id), null, detach);
  const [latest] = await parts.desk.unfinished(parts.actor);
  if (latest !== undefined) return follow(parts, latest.id, latest, detach);
  parts.screen.print(renderNothingToWatch(null));
  return FINE;
}

async function follow(
  parts: SessionParts,
  id: OperationId,
  known: Operation | null,
  detach: AbortSignal,
): Promise<LineResult> {
  let latest = known;
  parts.unwatched.remove(id);
  const view = parts.progress();
  const stopHearing = parts.onContinued(() => view.redraw());
  try {
    // One that has ended already needs no progress, only its outcome.
    if (latest !== null && !isEnded(latest)) view.show(latest);
    for await (const operation of parts.desk.watch(parts.actor, id, detach)) {
      const wasUnseen = latest === null;
      latest = operation;
      if (!(wasUnseen && isEnded(operation))) view.show(operation);
    }
  } finally {
    stopHearing();
    view.close();
  }
  if (latest === null) {
    if (!detach.aborted) parts.screen.print(renderNothingToWatch(isOperationId(id) ? id : null));
    return { ok: detach.aborted, reason: `There is no operation ${id}.` };
  }
  if (!isEnded(latest)) {
    parts.screen.print(detach.reason === LEAVING ? renderLeaving(latest) : renderDetached(latest));
    if (detach.reason !== LEAVING) parts.unwatched.add(id);
    return { ok: false, reason: "It was still going on." };
  }
  view.end(latest);
  const reason = latest.failure?.userMessage ?? renderOutcome(latest).title;
  return latest.state === "succeeded" ? FINE : { ok: false, reason };
}
