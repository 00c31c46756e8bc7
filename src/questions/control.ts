import type { Message } from "../core/message.ts";
import type { OperationId } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";
import type { Look, Sources } from "./question.ts";

/** What came of something that changes what is under way. */
type Controlled =
  /** Watched like a new one. */
  | { readonly type: "operation"; readonly operation: Operation }
  /** `ends`: whoever asked wants to hear how this one ends; null: nothing has changed. */
  | { readonly type: "answer"; readonly message: Message; readonly ends: OperationId | null };

/** Done at once, and seen to by no worker: stopping an operation, or letting one go on. */
export interface Control {
  readonly type: "control";
  readonly params: unknown;
  /** Safe to repeat. @throws OpsError. */
  carryOut(sources: Sources, look: Look): Promise<Controlled>;
}
