import { OpsError } from "../src/core/errors.ts";
import type { Action, Message } from "../src/core/message.ts";
import type { AgentName, OperationId } from "../src/core/names.ts";
import type { PrivateQuestion } from "../src/core/private-question.ts";
import type { Secret, SecretRef } from "../src/core/secrets.ts";
import type { Wanted } from "../src/operations/kind.ts";
import type { Control } from "../src/questions/control.ts";
import type { Offers } from "../src/questions/offers.ts";
import type { Asked, Look, Sources } from "../src/questions/question.ts";

/** new-agent: a name to give · agent: an existing one · operation: an operation's id · count: a whole number · choice: one of `choices` · secret-ref: where a secret is, never the secret itself, or `new`: it is asked for although there is one · text: checked by whoever uses it. */
type OptionKind = "new-agent" | "agent" | "operation" | "count" | "choice" | "secret-ref" | "text";

/** In the place of where a secret is: another one is given, in private. */
export const ASKED_ANEW = "new";

export interface CommandOption {
  readonly name: string;
  readonly summary: string;
  readonly kind: OptionKind;
  readonly required: boolean;
  /** Only for `choice`. */
  readonly choices?: readonly string[];
  /** Only for `operation`: which of them are offered. */
  readonly among?: "open" | "stuck";
  /** Only for `agent`: also one that was there once, or whose record cannot be read. */
  readonly orFormer?: boolean;
  /** Only for `count`: inclusive bounds. */
  readonly min?: number;
  readonly max?: number;
  /** Only for `text`: what may be chosen, for completion. Other values may be typed; whoever uses them has the last word. */
  readonly offers?: Offers;
  /** Only for `text`: what such a value looks like. */
  readonly example?: string;
  /** May be given without its name (`/image build`, `/logs ada 5`): words without names go to a command's bare options in order, numbers to one that counts. */
  readonly bare?: boolean;
  /** Only for the last one that is bare: it takes all that follows, as it was typed, line ends included. */
  readonly rest?: boolean;
}

/** Option values after validation: names are parsed, counts are numbers, missing ones are absent. */
export interface OptionValues {
  agentName(option: string): AgentName | null;
  operationId(option: string): OperationId | null;
  count(option: string): number | null;
  /** null also for `new`. */
  secretRef(option: string): SecretRef | null;
  text(option: string): string | null;
}

/** What has to be typed before anything is done, and why. */
export interface Confirmation {
  readonly question: string;
  readonly expected: string;
}

/** A secret that has to be given before anything is done. */
export interface PrivateNeed {
  readonly question: PrivateQuestion;
  /**
   * Proves what was given, keeps it in the vault, and says what is asked for then, with a reference to it.
   * @throws OpsError that says what is wrong with it; nothing was kept then, and it may be asked for again.
   */
  take(value: Secret, sources: Sources): Promise<Wanted>;
}

/** Durable and watched. */
interface OperationRequest extends Wanted {
  readonly type: "operation";
  /** Absent: it needs none. A function where what is asked depends on how things are; asked again before it is carried out. @throws OpsError. */
  readonly confirmation?: Confirmation | ((sources: Sources) => Promise<Confirmation>);
  /** What has to be given privately first; null when nothing is missing. Asked after everything else. @throws OpsError. */
  readonly needs?: (sources: Sources) => Promise<PrivateNeed | null>;
  /**
   * What to answer when it would change nothing; null when there is something to do. Asked before the confirmation: nobody should have to
   * think about minutes of work that will not happen.
   */
  readonly nothingToDo?: (sources: Sources, look: Look) => Promise<Message | null>;
}

/** What a command asks for: something durable, something to know, or something that is done at once. */
export type CommandRequest = OperationRequest | Asked | Control;

export interface Command {
  /** Lower case, as typed after the slash. */
  readonly name: string;
  readonly summary: string;
  /** On a button that asks for it, before what it is about: "Destroy ada". */
  readonly label: string;
  readonly tone: Action["tone"];
  readonly options: readonly CommandOption[];
  /** Pure. Called with valid values only. */
  request(values: OptionValues): CommandRequest;
}

/** For options that validation has already made sure of. @throws OpsError `internal` when it has not. */
export function required<T>(value: T | null, option: string): T {
  if (value !== null) return value;
  throw new OpsError({ code: "internal", userMessage: `The option ${option} reached a command without a value.` });
}
