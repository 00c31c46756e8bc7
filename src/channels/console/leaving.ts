import type { Actor } from "../../core/actor.ts";
import type { Desk } from "../../core/desk.ts";
import type { Operation } from "../../core/operation.ts";
import { visible } from "../../core/typed.ts";
import { leavingPrompt, renderLeavingQuestion } from "../render/terminal.ts";
import { leaveOrWait } from "./farewell.ts";
import type { Keyboard } from "./keyboard.ts";
import type { Screen } from "./screen.ts";

/** What ends with a session, because the process that does it ends. */
export interface Leaving {
  /** Other terminals that are attached to this Creel. */
  readonly otherTerminals: () => number;
}

interface Parts {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly screen: Screen;
  readonly leaving: Leaving | null;
}

export type Decision =
  | { readonly type: "leave" }
  /** Not now. */
  | { readonly type: "stay" }
  /** When these have ended. */
  | { readonly type: "wait"; readonly operations: readonly Operation[] };

/** Asks, once, what becomes of what is under way and would stop. Asked again, or with nothing under way, a person simply leaves. */
export async function decideToLeave({ desk, actor, screen, leaving }: Parts, keyboard: Keyboard): Promise<Decision> {
  if (leaving === null) return { type: "leave" };
  // A store that is away cannot keep anybody here.
  const operations = await desk.unfinished(actor).catch(() => []);
  const others = leaving.otherTerminals();
  if (operations.length === 0 && others === 0) return { type: "leave" };
  screen.print(renderLeavingQuestion(operations, others));
  const typed = await keyboard.ask(leavingPrompt(operations));
  if (typed.type === "end") return { type: "leave" };
  const answer = typed.type === "line" ? leaveOrWait(visible(typed.text)) : null;
  if (answer === "leave") return { type: "leave" };
  if (answer === "wait" && operations.length > 0) return { type: "wait", operations };
  return { type: "stay" };
}
