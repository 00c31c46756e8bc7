import { asOpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import { renderOutcome } from "../render/operation.ts";
import { renderRefusal } from "../render/refusal.ts";
import { confirmationPrompt, PRESS_AGAIN, PROMPT, renderGreeting, renderQuestion } from "../render/terminal.ts";
import type { Keyboard } from "./keyboard.ts";
import { LEAVING, runLine, type SessionParts } from "./session.ts";
import { createUnwatched } from "./unwatched.ts";

type Parts = Omit<SessionParts, "confirm" | "unwatched">;
type Attending = Omit<SessionParts, "confirm">;

/** A person at a terminal, until they leave or `signal` aborts. Resolves to the exit status, always 0. */
export async function runInteractive(session: Parts, keyboard: Keyboard, signal: AbortSignal): Promise<number> {
  const { screen } = session;
  const tell = (ended: Operation) => keyboard.interject(() => screen.print(renderOutcome(ended)));
  const unwatched = createUnwatched({ ...session, tell });
  const parts: Attending = { ...session, unwatched };
  const leave = () => keyboard.close();
  signal.addEventListener("abort", leave, { once: true });
  try {
    await greet(parts);
    let pressedOnce = false;
    while (!signal.aborted) {
      screen.write("\n");
      const typed = await keyboard.ask(PROMPT);
      if (typed.type === "end" || (typed.type === "interrupt" && pressedOnce && !typed.hadText)) break;
      pressedOnce = typed.type === "interrupt" && !typed.hadText;
      if (pressedOnce) screen.write(PRESS_AGAIN);
      if (typed.type !== "line") continue;
      const line = typed.text.trim();
      if (/^\/?(?:exit|quit)$/.test(line)) return 0;
      if (line !== "" && !line.startsWith("#")) await runTyped(parts, keyboard, line);
    }
    screen.write("\n");
    return 0;
  } finally {
    unwatched.close();
    signal.removeEventListener("abort", leave);
  }
}

async function runTyped(parts: Attending, keyboard: Keyboard, line: string): Promise<void> {
  const detach = new AbortController();
  const stop = (reason: "interrupt" | "end") => detach.abort(reason === "end" ? LEAVING : "detached");
  const confirm = async (question: string, expected: string) => {
    parts.screen.print(renderQuestion(question, null));
    const typed = await keyboard.ask(confirmationPrompt(expected));
    return typed.type === "line" ? typed.text : "";
  };
  await keyboard.during(() => runLine({ ...parts, confirm }, line, detach.signal), stop);
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
