import type { Actor } from "../core/actor.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Place } from "../core/chat.ts";
import type { Action, Message } from "../core/message.ts";
import type { Redact } from "../core/redaction.ts";
import type { Elsewhere } from "../core/sight.ts";
import type { InspectPorts } from "../fleet/inspect.ts";
import type { OperationPorts } from "../operations/index.ts";
import type { Operations } from "../operations/journal.ts";

/** What of the outside world may be looked at to find an answer: whatever operations take, so that a question about what one makes needs nothing of its own. */
export interface QuestionPorts extends InspectPorts, OperationPorts {
  readonly elsewhere: Elsewhere;
}

/** What can be asked when somebody wants to know something. Calls may throw any OpsError. */
export interface Sources {
  /** Who asks. */
  readonly actor: Actor;
  /** Where in a chat; null in a terminal. */
  readonly place: Place | null;
  readonly services: QuestionPorts;
  readonly operations: Operations;
  readonly audit: AuditLog;
  /** Those whom no list names. */
  readonly strangers: {
    has(actor: Actor): boolean;
    /** Puts on record what was only counted so far. Never throws. */
    flush(): Promise<void>;
  };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly redact: Redact;
}

/** What a text needs to know besides what it is about. */
export interface Look {
  readonly nowMs: number;
  /** A command line as something to press, with its command's label. */
  action(line: string): Action;
}

/** Something to know: how it is found out, and how it reads. Changes nothing. */
export interface Question<Params, Answer> {
  /** Data only. @throws OpsError. */
  ask(sources: Sources, params: Params): Promise<Answer>;
  /** Pure. */
  show(answer: Answer, look: Look): Message;
}

/** A question with what is asked. */
export interface Asked {
  readonly type: "question";
  readonly params: unknown;
  answer(sources: Sources, look: Look): Promise<Message>;
}

export function asks<Params, Answer>(question: Question<Params, Answer>, params: Params): Asked {
  const answer: Asked["answer"] = async (sources, look) => question.show(await question.ask(sources, params), look);
  return { type: "question", params, answer };
}

/** The answer where `isEnough` holds for it, else null: for what would change nothing. */
export function answersIf<Params, Answer>(
  question: Question<Params, Answer>,
  params: Params,
  isEnough: (answer: Answer, nowMs: number) => boolean,
): (sources: Sources, look: Look) => Promise<Message | null> {
  return async (sources, look) => {
    const answer = await question.ask(sources, params);
    return isEnough(answer, look.nowMs) ? question.show(answer, look) : null;
  };
}
