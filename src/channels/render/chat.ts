import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { Choice } from "../../core/desk.ts";
import { OpsError } from "../../core/errors.ts";
import { type Block, command, type Message, message, text } from "../../core/message.ts";
import type { Operation } from "../../core/operation.ts";
import type { TicketId } from "../../core/ticket.ts";
import { underWay } from "../../operations/words.ts";
import type { ChatMessage } from "../channel.ts";

/** Texts that only chats need. */
/** `label` says what yes does, such as "Destroy ada". */
export function renderConfirmation(question: string, ticket: TicketId, label: string): Message {
  return message(question, "question", [text("You have two minutes to answer.")], {
    private: true,
    actions: [
      { label, tone: "danger", does: { type: "answer", ticket, answer: "yes" } },
      { label: "Leave it", tone: "plain", does: { type: "answer", ticket, answer: "no" } },
    ],
  });
}

/** To somebody whom the settings do not name: nothing of what this bot does, and the id that lets an owner add them. */
export function renderPrivateBot({ channel, user }: Actor): ChatMessage {
  const isPerson = !(channel === "telegram" && user.startsWith("-"));
  const blocks: Block[] = isPerson
    ? [
        { type: "text", text: "Its owner can let you in by this id." },
        { type: "fields", fields: [{ name: "Your id", value: user }] },
      ]
    : [{ type: "text", text: NOT_A_PERSON }];
  return { ...message("This bot is private.", "plain", blocks, { private: true }), presses: [] };
}

/** Instead of a question that was answered with no. */
export function renderDeclined(): Message {
  return message("Nothing was done.", "plain", [], { private: true });
}

/** Instead of a question whose time is over. `wasPressed`: whether the answer counted is not known here. */
export function renderUnanswered(question: string, wasPressed: boolean): Message {
  const title = wasPressed
    ? "This question is closed. /history shows what became of it."
    : "Nobody answered. Nothing was done.";
  return message(title, "plain", [text(`It was: ${question}`)]);
}

const FOLLOWED = {
  here: "You can follow it in the message you pressed.",
  there: "You can follow it where you asked for it.",
  below: "You can follow it in a message of its own.",
  elsewhere: "Somebody has asked for that already. It is told where they asked, and /status shows how it goes.",
  nowhere:
    "I may not post in this channel, so you cannot follow it here: the outcome goes to the alerts channel, if there is one, and /history shows it. creel doctor says which permissions are missing.",
};

/** `where` its progress is shown; nowhere: the bot may not post there; elsewhere: somebody asked for it before, in another place. */
export function renderAccepted(operation: Operation, where: keyof typeof FOLLOWED): Message {
  return message(`${underWay(operation)}.`, "progress", [text(FOLLOWED[where])], { private: true });
}

/** `lineFor` makes the complete line for a choice. */
export function renderChoices(option: string, choices: readonly Choice[], lineFor: (value: string) => string): Message {
  return message(`Which ${option}?`, "question", [], {
    private: true,
    actions: choices.map(({ label, value }) => ({
      ...{ label, tone: "plain" },
      does: { type: "choose", line: lineFor(value) },
    })),
  });
}

/** To somebody who opens a chat or says something that is no command. */
export function renderWelcome(): Message {
  const what = "I deploy OpenClaw agents and look after them. I understand commands, such as /status or /deploy ada.";
  return message("Hello, I am Creel.", "plain", [text(what)], {
    private: true,
    actions: [command("Status", "/status"), command("Deploy one", "/deploy", "good"), command("Commands", "/help")],
  });
}

/** A name cannot be chosen from a list. `isHeard`: what is said next is taken for it. */
export function renderNameWanted(isHeard: boolean): Message {
  const how = isHeard ? "Send me its name, such as ada." : "Give it with the command: /deploy ada";
  return message("What shall the new agent be called?", "question", [text(how)], { private: true });
}

/** An outcome that had to be told in another place than the one it belongs to. */
export function renderElsewhere(outcome: Message, { requestedBy }: Operation, place: Place): Message {
  const why: Block = {
    type: "text",
    text: [
      `${requestedBy.name} asked for this in ${kindOf(place)} `,
      { place },
      ", where Creel may not write any more.",
    ],
  };
  return { ...outcome, blocks: [why, ...outcome.blocks] };
}

/** To the other places for alerts, of one that is lost. */
export function renderAlertsLost(place: Place): Message {
  const what = [
    "Creel may not write in ",
    kindOf(place),
    " ",
    { place },
    " any more. What belongs there is told here alone.",
  ];
  const next = text(`Let the bot in again, or change alerts.${place.channel} in creel.yaml.`);
  return message("Alerts are not heard everywhere.", "bad", [{ type: "text", text: what }, next]);
}

function kindOf({ channel }: Place): string {
  return channel === "discord" ? "the Discord channel" : "the Telegram chat";
}

/** Replaces an alert whose cause is gone. */
export function renderSettled(title: string, settledAtMs: number): Message {
  return message(title, "plain", [text(["It has been all right again since: ", { atMs: settledAtMs }])]);
}

/** The good news after an alert. */
export function renderAllClear(title: string): Message {
  return message("All right again.", "good", [text(`It was: ${title}`)]);
}

/** In a group, instead of a private answer to somebody the bot may not write to. `link` opens a chat with the bot. */
export function openAChatFirst(link: string): string {
  return `The answer is for you alone, and I may not write to you yet. Open ${link}, press Start, and ask again.`;
}

/** In a group, to somebody who writes as the group or as a channel. */
const NOT_A_PERSON = "I cannot see who you are while you write anonymously. Switch that off and ask again.";

export function buttonTooOld(): OpsError {
  return new OpsError({
    code: "not-found",
    userMessage: "This button is too old to be pressed.",
    hint: "Type the command instead; /help lists them.",
  });
}

/** Where a chat does not show moments in its own way: such as `2026-11-21 14:05 UTC`. */
export function timeWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How far something is, behind its bar. */
export function barWords({ done, total, note }: Extract<Block, { type: "bar" }>): string {
  return `${done} of ${total} · ${note}`;
}

/** Who writes in the name of a chat that has no title. */
export const ANONYMOUS = "an anonymous administrator";
