import type { Command } from "../../../commands/command.ts";
import { isGreeting } from "../../../commands/greeting.ts";
import { formatLine, parseLine } from "../../../commands/parse.ts";
import type { Actor } from "../../core/actor.ts";
import type { Origin, Place } from "../../core/chat.ts";
import type { Desk, Reply, Submission } from "../../core/desk.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import { isUndoing, type Operation } from "../../core/operation.ts";
import type { Chat, ChatHandler, CommandEvent, PressEvent } from "../channel.ts";
import { actionFor } from "../render/actions.ts";
import {
  renderAccepted,
  renderConfirmation,
  renderDeclined,
  renderNameWanted,
  renderPrivateBot,
  renderWelcome,
} from "../render/chat.ts";
import { renderPressedLate } from "../render/late.ts";
import { renderAskPrivately } from "../render/private.ts";
import { renderRefusal } from "../render/refusal.ts";
import { renderQuestion } from "../render/terminal.ts";
import { type Answering, answering } from "./answering.ts";
import { type AskedNames, createAskedNames } from "./asked-names.ts";
import { isNameWanted, offerChoices } from "./choices.ts";
import type { Clock } from "./clock.ts";
import type { Follower } from "./follower.ts";
import { changesSomething, type LateWords } from "./late-words.ts";
import type { OpenQuestions } from "./open-questions.ts";
import { isSamePlace, messageKey } from "./places.ts";
import { type Decision, isChoice, isOnce, LEAVE, type Presses } from "./presses.ts";
import { awaits, entered, leavePrivately, openDialog } from "./private-entry.ts";

export interface HandlerParts {
  readonly desk: Desk;
  readonly commands: readonly Command[];
  readonly follower: Pick<Follower, "follow">;
  readonly presses: Presses;
  readonly lateWords: LateWords;
  readonly questions: Pick<OpenQuestions, "asked" | "answering">;
  readonly clock: Clock;
  /** As the chat has it. */
  readonly entry: Chat["entry"];
  /** Hears of defects, and of answers that could not be given. */
  readonly onError: (error: OpsError) => void;
  /** See `ChatHandler.trouble`. */
  readonly onTrouble: (error: OpsError | null) => void;
}

/** What people do in a chat, handed to the desk; commands and presses alike. It decides nothing itself. */
export function createChatHandler(parts: HandlerParts): ChatHandler {
  const { desk, presses, commands, lateWords } = parts;
  const asked = createAskedNames(commands, parts.clock);
  const turnAway = (event: Pick<PressEvent, "actor" | "responder">, attempt: () => Submission | null): boolean => {
    const verdict = desk.turnAway(event.actor, attempt);
    // Nobody waits for that: a stranger holds up neither the chat's updates nor anybody's answer.
    if (verdict !== null) void event.responder.turnAway(renderPrivateBot(event.actor), verdict === "ignore");
    return verdict !== null;
  };
  const askedAgain = async (
    event: CommandEvent | PressEvent,
    place: Place,
    how: "wrote" | "pressed",
    read: () => Promise<Submission>,
  ): Promise<boolean> => {
    const submission = await read().catch(() => null);
    if (submission === null || !changesSomething(commands, submission) || !(await event.isLate())) return false;
    const { actor, key, atMs } = event;
    await lateWords.ask({ actor, place, key, word: { how, atMs, line: formatLine(submission) } });
    return true;
  };
  return {
    async command(event) {
      const { actor, place, key, canPost, read, responder } = event;
      if (turnAway(event, () => readable(read))) return;
      await answering(parts, responder, async (to) => {
        const reading = (async () => {
          const said = read();
          // Before it is known whether it is late: a name alone deploys, too.
          return asked.completed(actor, place, said) ?? said;
        })();
        if (await askedAgain(event, place, "wrote", () => reading)) return;
        await submit({ ...parts, asked }, { actor, to, place, canPost }, actor, { place, key }, () => reading);
      });
    },
    async press(event) {
      if (turnAway(event, () => PRESS)) return;
      const wish = presses.privateIn(event.press);
      if (wish !== null)
        return wish.wants === "enter" ? openDialog(parts, event) : leavePrivately(parts, event, wish.ticket);
      await answering({ ...parts, isOrdinary: event.isOrdinary }, event.responder, async (to) => {
        const { actor, key, canPost, posted, press } = event;
        const decision = presses.decisionIn(press);
        const { place } = posted;
        if (press === LEAVE) return to.replace(renderDeclined());
        if (decision !== null) {
          if (decision.answer === "yes" && (await event.isLate())) return void (await to.answer(renderPressedLate()));
          return decide(parts, to, event, decision);
        }
        const read = async () => parseLine(await presses.lineOf(press), commands);
        if (await askedAgain(event, place, "pressed", read)) return;
        if (isChoice(press)) await to.disarm();
        if (!isOnce(press))
          return submit({ ...parts, asked }, { actor, to, place, canPost }, actor, { place, key }, read);
        // One key for the message, so that pressing twice asks once.
        return settle(
          parts,
          to,
          event,
          await desk.submit(actor, await read(), { place, key: `once-${messageKey(posted)}` }),
        );
      });
    },
    awaits: (actor, text) => awaits(parts, actor, text),
    async entered(event) {
      if (turnAway(event, () => PRESS)) return;
      await answering({ ...parts, isOrdinary: event.isOrdinary }, event.responder, (to) =>
        entered(parts, to, event, (posted, reply) => settle(parts, to, { ...event, posted }, reply)),
      );
    },
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

/** What is on record of a stranger's press. */
const PRESS: Submission = { command: "press", options: {}, confirmation: null };

function readable(read: () => Submission): Submission | null {
  try {
    return read();
  } catch {
    return null;
  }
}

interface Listener {
  readonly actor: Actor;
  readonly to: Answering;
  readonly place: Place;
  /** As in `CommandEvent`. */
  readonly canPost: boolean;
}

async function submit(
  { asked, ...parts }: HandlerParts & { readonly asked: AskedNames },
  who: Listener,
  actor: Actor,
  origin: Origin,
  read: () => Promise<Submission>,
): Promise<void> {
  let submission: Submission;
  try {
    submission = await read();
  } catch (error) {
    return show(parts, who, await parts.desk.refuse(actor, asOpsError(error)), null);
  }
  if (isGreeting(submission)) return greet(parts, who, actor, origin);
  if (await isNameWanted(parts, actor, submission)) {
    asked.ask(actor, origin.place, formatLine(submission));
    await who.to.answer(renderNameWanted(isAlone(actor, origin.place)));
    return;
  }
  const choices = await offerChoices(parts, actor, submission);
  if (choices !== null) await who.to.answer(choices);
  else await show(parts, who, await parts.desk.submit(actor, submission, origin), submission);
}

/** The desk decides who is greeted; to others it says what it says to everybody. */
async function greet(parts: HandlerParts, who: Listener, actor: Actor, origin: Origin): Promise<void> {
  const help = { command: "help", options: {}, confirmation: null };
  const reply = await parts.desk.submit(actor, help, origin);
  if (reply.type === "answer") await who.to.answer(renderWelcome());
  else await show(parts, who, reply, null);
}

/** Whether everything said in this place is said to Creel: Telegram's private chats have the person's own id. */
function isAlone({ user }: Actor, { channel, chat }: Place): boolean {
  return channel === "telegram" && chat === user;
}

/** `asked` is what a question is about. */
async function show(
  parts: HandlerParts,
  { actor, to, place, canPost }: Listener,
  reply: Reply,
  asked: Submission | null,
): Promise<void> {
  const { desk, follower, questions, onError } = parts;
  switch (reply.type) {
    case "answer":
      await to.answer(reply.message);
      return;
    case "operation":
      follower.follow(reply.operation);
      return to.accept(renderAccepted(reply.operation, whereFollowed(reply.operation, place, canPost)));
    case "declined":
      await to.answer(renderDeclined());
      return;
    case "refused":
      if (reply.error.code === "internal") onError(reply.error);
      // Of what is gone nothing can be asked any more.
      if (reply.error.code === "not-found") await to.disarm();
      await to.answer(renderRefusal(reply.error));
      return;
    case "ask-privately": {
      const { question, ticket } = reply;
      const posted = await to.answer(renderAskPrivately(question, ticket, parts.entry));
      // Who does not read the question must not have what they say next taken for an answer.
      if (posted === null) return desk.leave(actor, ticket);
      await desk.bind(ticket, messageKey(posted));
      await questions.asked(posted, question.title);
      return;
    }
    case "confirm": {
      const { question, expected, ticket } = reply;
      if (ticket === null) return void (await to.answer({ ...renderQuestion(question, expected), private: true }));
      const posted = await to.answer(
        renderConfirmation(question, ticket, asked === null ? "Go ahead" : actionFor(formatLine(asked)).label),
      );
      // Where nothing can be pressed, nothing can be answered: the question expires.
      if (posted === null) return;
      await desk.bind(ticket, messageKey(posted));
      await questions.asked(posted, question);
    }
  }
}

/** An answer that counts takes the question's place, so that it cannot be pressed again; what does not count leaves it as it is. */
async function decide(parts: HandlerParts, to: Answering, event: PressEvent, decision: Decision): Promise<void> {
  const { ticket, answer } = decision;
  const { actor, posted } = event;
  const answered = () => parts.desk.answer(actor, ticket, messageKey(posted), answer);
  await settle(parts, to, event, await parts.questions.answering(posted, answered));
}

type Settled = Pick<PressEvent, "actor" | "posted" | "canPost" | "isOrdinary">;

async function settle(parts: HandlerParts, to: Answering, event: Settled, reply: Reply): Promise<void> {
  const { follower } = parts;
  if (reply.type === "operation") {
    const { operation } = reply;
    if (!becomesStatus(event, operation)) {
      follower.follow(operation);
      return to.replace(renderAccepted(operation, whereFollowed(operation, event.posted.place, event.canPost)));
    }
    follower.follow(operation, event.posted);
    return to.accept(renderAccepted(operation, "here"));
  }
  if (reply.type === "answer") return to.replace({ ...reply.message, actions: [] });
  if (reply.type === "declined") return to.replace(renderDeclined());
  return show(parts, { actor: event.actor, to, place: event.posted.place, canPost: event.canPost }, reply, null);
}

/** One that was asked to go on before, from elsewhere, is told there. */
function whereFollowed(
  operation: Operation,
  here: Place,
  canPost: boolean,
): "below" | "there" | "elsewhere" | "nowhere" {
  const { place } = operation;
  // A question that was asked in a private chat was caused in another place.
  if (!isUndoing(operation) && place !== null && !isSamePlace(place, here)) return "there";
  if (isUndoing(operation) && (place === null || !isSamePlace(place, here))) return "elsewhere";
  return canPost ? "below" : "nowhere";
}

/** Whether the pressed message can show how the operation goes, so that no other message has to. */
function becomesStatus({ canPost, isOrdinary, posted }: Settled, { place }: Operation): boolean {
  return canPost && isOrdinary && place !== null && isSamePlace(place, posted.place);
}
