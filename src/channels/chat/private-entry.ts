import { formatLine } from "../../../commands/parse.ts";
import type { Actor } from "../../core/actor.ts";
import type { AskedInPrivate, Desk, Reply } from "../../core/desk.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { TicketId } from "../../core/ticket.ts";
import type { ChatHandler, EnteredEvent, Posted, PressEvent } from "../channel.ts";
import { renderAccepted, renderDeclined } from "../render/chat.ts";
import { noTextEntered, questionOver, renderEnterAgain, renderEnteredLate, withLeftBehind } from "../render/private.ts";
import { renderRefusal } from "../render/refusal.ts";
import { type Answering, answering } from "./answering.ts";
import type { Clock } from "./clock.ts";
import type { Follower } from "./follower.ts";
import type { OpenQuestions } from "./open-questions.ts";
import { postedIn } from "./places.ts";
import type { Presses } from "./presses.ts";

/** Questions for secrets in a chat: the desk says whose they are and whether they are open; nothing here keeps what was entered. */
interface Parts {
  readonly desk: Desk;
  readonly presses: Presses;
  readonly questions: Pick<OpenQuestions, "answering">;
  readonly follower: Pick<Follower, "follow">;
  readonly clock: Clock;
  readonly onError: (error: OpsError) => void;
}

/** What one sends who answers too late: one word, longer than most that are said. */
const LIKE_AN_ANSWER = /^\s*\S{16,}\s*$/;

/** Somebody wants to enter it. A dialog has to be the first thing that is said to a press, so nothing is waited for but the desk. */
export async function openDialog(parts: Parts, event: PressEvent): Promise<void> {
  const { desk, presses, onError } = parts;
  const { actor, press, responder } = event;
  const asked = await desk.askedInPrivate(actor).catch((error: unknown) => asOpsError(error));
  if (asked !== null && "ticket" in asked && isFor(asked, presses.privateIn(press)?.ticket) && asked.isOpen) {
    return responder.dialog(asked.question, press).catch((error: unknown) => onError(asOpsError(error)));
  }
  await answering(parts, responder, async (to) => {
    await to.answer(renderRefusal(asked !== null && "code" in asked ? asked : questionOver()));
  });
}

function isFor(asked: AskedInPrivate, ticket: TicketId | undefined): boolean {
  return asked.ticket === ticket;
}

export function leavePrivately(parts: Parts, event: PressEvent, ticket: TicketId): Promise<void> {
  const { desk, questions } = parts;
  const { actor, posted, isOrdinary, responder } = event;
  return answering({ ...parts, isOrdinary }, responder, async (to) => {
    const asked = await desk.askedInPrivate(actor);
    if (asked === null || !isFor(asked, ticket)) return void (await to.answer(renderRefusal(questionOver())));
    await questions.answering(posted, async () => {
      await desk.leave(actor, ticket);
      return { type: "declined" };
    });
    await to.replace(renderDeclined());
  });
}

/** See `ChatHandler.awaits`. An answer that comes after the question's time must not be left standing in the chat, either. */
export async function awaits(
  { desk, onError }: Pick<Parts, "desk" | "onError">,
  actor: Actor,
  text: string | null,
): ReturnType<ChatHandler["awaits"]> {
  try {
    const asked = await desk.askedInPrivate(actor);
    if (asked === null || !(asked.isOpen || LIKE_AN_ANSWER.test(text ?? ""))) return null;
    return { asked: asked.message === null ? null : postedIn(asked.message) };
  } catch (error) {
    onError(asOpsError(error));
    return null;
  }
}

/** `settle` shows what came of it in place of the question. */
export async function entered(
  parts: Parts,
  to: Answering,
  event: EnteredEvent,
  settle: (posted: Posted, reply: Reply) => Promise<void>,
): Promise<void> {
  const { desk, presses, questions } = parts;
  const { actor, press, value } = event;
  // First of all: the longer it stands there, the more people have read it.
  const isGone = await event.discard();
  const asked = await desk.askedInPrivate(actor);
  const ticket = press === null ? asked?.ticket : presses.privateIn(press)?.ticket;
  if (asked === null || !isFor(asked, ticket)) {
    return void (await to.answer(withLeftBehind(renderRefusal(questionOver()), isGone)));
  }
  if (!asked.isOpen || (await event.isLate())) {
    await desk.leave(actor, asked.ticket);
    return void (await to.answer(withLeftBehind(renderEnteredLate(formatLine(asked.submission)), isGone)));
  }
  const enter = async (): Promise<Reply> =>
    value === null ? { type: "refused", error: noTextEntered() } : desk.enter(actor, asked.ticket, value);
  const { asked: posted } = event;
  const reply = posted === null ? await enter() : await questions.answering(posted, enter);
  const still = reply.type === "refused" ? await desk.askedInPrivate(actor) : null;
  if (reply.type === "refused" && still !== null && isFor(still, asked.ticket) && still.isOpen) {
    const again = renderEnterAgain(reply.error, press === null ? null : asked.ticket);
    // Where the answer was a message, the conversation has gone on below the question, which stays as it is.
    return press === null ? void (await to.answer(withLeftBehind(again, isGone))) : to.replace(again);
  }
  if (posted !== null && isGone) return settle(posted, reply);
  await to.disarm();
  if (reply.type === "refused") return void (await to.answer(withLeftBehind(renderRefusal(reply.error), isGone)));
  if (reply.type !== "operation") return;
  parts.follower.follow(reply.operation);
  await to.answer(withLeftBehind(renderAccepted(reply.operation, "there"), isGone));
}
