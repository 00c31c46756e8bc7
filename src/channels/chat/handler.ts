import type { Command } from "../../../commands/command.ts";
import { parseLine } from "../../../commands/parse.ts";
import type { Actor } from "../../core/actor.ts";
import type { Origin } from "../../core/chat.ts";
import type { Desk, Reply, Submission } from "../../core/desk.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { ChatHandler, PressEvent } from "../channel.ts";
import { renderAnswer } from "../render/answer.ts";
import { renderAccepted, renderConfirmation, renderDeclined } from "../render/chat.ts";
import { renderRefusal } from "../render/refusal.ts";
import { renderQuestion } from "../render/terminal.ts";
import { type Answering, answering } from "./answering.ts";
import { offerChoices } from "./choices.ts";
import type { Clock } from "./clock.ts";
import type { Follower } from "./follower.ts";
import { messageKey } from "./places.ts";
import type { Decision, Presses } from "./presses.ts";

export interface HandlerParts {
  readonly desk: Desk;
  readonly commands: readonly Command[];
  readonly follower: Pick<Follower, "follow">;
  readonly presses: Presses;
  readonly clock: Clock;
  /** Hears of defects, and of answers that could not be given. */
  readonly onError: (error: OpsError) => void;
  /** See `ChatHandler.trouble`. */
  readonly onTrouble: (error: OpsError | null) => void;
}

/** What people do in a chat, handed to the desk; commands and presses alike. It decides nothing itself. */
export function createChatHandler(parts: HandlerParts): ChatHandler {
  const { desk, presses, commands } = parts;
  return {
    command: ({ actor, place, key, canPost, read, responder }) =>
      answering(parts, responder, (to) => submit(parts, { to, canPost }, actor, { place, key }, async () => read())),
    press: (event) =>
      answering(parts, event.responder, async (to) => {
        const { actor, key, canPost, posted, press } = event;
        const decision = presses.decisionIn(press);
        if (decision !== null) return decide(parts, to, event, decision);
        const read = async () => parseLine(await presses.lineOf(press), commands);
        return submit(parts, { to, canPost }, actor, { place: posted.place, key }, read);
      }),
    async complete(actor, command, option, typed) {
      try {
        return await desk.complete(actor, command, option, typed);
      } catch (error) {
        parts.onError(asOpsError(error));
        return [];
      }
    },
    trouble: parts.onTrouble,
  };
}

interface Listener {
  readonly to: Answering;
  /** As in `CommandEvent`. */
  readonly canPost: boolean;
}

async function submit(
  parts: HandlerParts,
  who: Listener,
  actor: Actor,
  origin: Origin,
  read: () => Promise<Submission>,
): Promise<void> {
  let submission: Submission;
  try {
    submission = await read();
  } catch (error) {
    return show(parts, who, await parts.desk.refuse(actor, asOpsError(error)));
  }
  const choices = await offerChoices(parts, actor, submission);
  if (choices !== null) await who.to.answer(choices);
  else await show(parts, who, await parts.desk.submit(actor, submission, origin));
}

async function show(parts: HandlerParts, { to, canPost }: Listener, reply: Reply): Promise<void> {
  const { desk, follower, clock, onError } = parts;
  switch (reply.type) {
    case "answer":
      await to.answer(renderAnswer(reply.answer, clock.now()));
      return;
    case "operation":
      follower.follow(reply.operation);
      return to.accept(renderAccepted(reply.operation, canPost));
    case "declined":
      await to.answer(renderDeclined());
      return;
    case "refused":
      if (reply.error.code === "internal") onError(reply.error);
      await to.answer(renderRefusal(reply.error));
      return;
    case "confirm": {
      const { question, expected, ticket } = reply;
      if (ticket === null) return void (await to.answer({ ...renderQuestion(question, expected), private: true }));
      const posted = await to.answer(renderConfirmation(question, ticket));
      // Where nothing can be pressed, nothing can be answered: the question expires.
      if (posted !== null) await desk.bind(ticket, messageKey(posted));
    }
  }
}

/** An answer that counts takes the question's place, so that it cannot be pressed again; what does not count leaves it as it is. */
async function decide(parts: HandlerParts, to: Answering, event: PressEvent, decision: Decision): Promise<void> {
  const { desk, follower, clock } = parts;
  const { ticket, answer } = decision;
  const reply = await desk.answer(event.actor, ticket, messageKey(event.posted), answer);
  if (reply.type === "operation") {
    follower.follow(reply.operation);
    return to.replace(renderAccepted(reply.operation, event.canPost));
  }
  if (reply.type === "answer") return to.replace({ ...renderAnswer(reply.answer, clock.now()), actions: [] });
  if (reply.type === "declined") return to.replace(renderDeclined());
  return show(parts, { to, canPost: event.canPost }, reply);
}
