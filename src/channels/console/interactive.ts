import { asOpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import { Secret } from "../../core/secrets.ts";
import { QUESTION_MS } from "../../core/ticket.ts";
import { visible } from "../../core/typed.ts";
import { renderOutcome } from "../render/operation.ts";
import { enterPrompt, renderEnterHidden } from "../render/private.ts";
import { renderRefusal } from "../render/refusal.ts";
import { confirmationPrompt, PRESS_AGAIN, PROMPT, renderGreeting, renderQuestion } from "../render/terminal.ts";
import { asksToLeave } from "./farewell.ts";
import type { Keyboard, Typed } from "./keyboard.ts";
import { decideToLeave, type Leaving } from "./leaving.ts";
import { LEAVING, runLine, type SessionParts } from "./session.ts";
import { createUnwatched } from "./unwatched.ts";

type Parts = Omit<SessionParts, "confirm" | "enter" | "unwatched"> & { readonly leaving: Leaving | null };
type Attending = Parts & Pick<SessionParts, "unwatched">;

/** A person at a terminal, until they leave or `signal` aborts. Resolves to the exit status, always 0. */
export async function runInteractive(session: Parts, keyboard: Keyboard, signal: AbortSignal): Promise<number> {
  const { screen } = session;
  const tell = (ended: Operation) => keyboard.interject(() => screen.print(renderOutcome(ended)));
  const unwatched = createUnwatched({ ...session, tell });
  const parts: Attending = { ...session, unwatched };
  const close = () => keyboard.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await greet(parts);
    let pressedOnce = false;
    while (!signal.aborted) {
      screen.write("\n");
      const typed = await keyboard.ask(PROMPT);
      if (keyboard.isClosed()) break;
      if (wantsOut(typed, pressedOnce)) {
        if (typed.type !== "line") screen.write("\n");
        if (await leave(parts, keyboard)) return 0;
        pressedOnce = false;
        continue;
      }
      pressedOnce = typed.type === "interrupt" && !typed.hadText;
      if (pressedOnce) screen.write(PRESS_AGAIN);
      const line = lineOf(typed);
      if (line !== "" && !line.startsWith("#")) await runTyped(parts, keyboard, line);
    }
    screen.write("\n");
    return 0;
  } finally {
    unwatched.close();
    signal.removeEventListener("abort", close);
  }
}

function wantsOut(typed: Typed, pressedOnce: boolean): boolean {
  if (typed.type === "interrupt") return pressedOnce && !typed.hadText;
  return typed.type === "end" || asksToLeave(lineOf(typed));
}

function lineOf(typed: Typed): string {
  return typed.type === "line" ? visible(typed.text).trim() : "";
}

/** Whether the person has left. */
async function leave(parts: Attending, keyboard: Keyboard): Promise<boolean> {
  const decision = await decideToLeave(parts, keyboard);
  if (decision.type !== "wait") return decision.type === "leave";
  for (const { id } of decision.operations) {
    const isEnded = await runTyped(parts, keyboard, `watch ${id}`);
    if (!isEnded) return keyboard.isClosed();
  }
  return true;
}

/** false when the person let go of it before its end. */
async function runTyped(parts: Attending, keyboard: Keyboard, line: string): Promise<boolean> {
  const detach = new AbortController();
  const stop = (reason: "interrupt" | "end") => detach.abort(reason === "end" ? LEAVING : "detached");
  let expiry = AbortSignal.abort();
  const confirm = async (question: string, expected: string) => {
    parts.screen.print(renderQuestion(question, null));
    const typed = await keyboard.ask(confirmationPrompt(expected));
    return typed.type === "line" ? typed.text : "";
  };
  const enter: SessionParts["enter"] = async (question, attempt) => {
    if (!keyboard.hides) return "seen";
    if (attempt === 1) {
      expiry = AbortSignal.timeout(QUESTION_MS);
      parts.screen.print(renderEnterHidden(question));
    }
    const typed = await keyboard.askHidden(enterPrompt(question), expiry);
    if (typed.type === "line") return new Secret(typed.text);
    return expiry.aborted ? "expired" : "left";
  };
  await keyboard.during(() => runLine({ ...parts, confirm, enter }, line, detach.signal), stop);
  return !detach.signal.aborted;
}

async function greet({ desk, actor, screen, now, unwatched }: Attending): Promise<void> {
  let unfinished: Operation[] = [];
  try {
    unfinished = await desk.unfinished(actor);
  } catch (error) {
    screen.print(renderRefusal(asOpsError(error)));
  }
  screen.print(renderGreeting(unfinished, now()));
  for (const { id } of unfinished) unwatched.add(id);
}
