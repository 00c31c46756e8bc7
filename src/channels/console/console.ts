import type { Readable, Writable } from "node:stream";
import type { Command } from "../../../commands/command.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk } from "../../core/desk.ts";
import { errnoOf } from "../../core/errno.ts";
import { renderInputLost, renderOutputLost } from "../render/terminal.ts";
import { completeLine } from "./completion.ts";
import { runInteractive } from "./interactive.ts";
import { createKeyboard, type JobControl } from "./keyboard.ts";
import type { Leaving } from "./leaving.ts";
import type { Notices } from "./notices.ts";
import { runPiped } from "./piped.ts";
import { createLiveProgress, createPlainProgress } from "./progress.ts";
import { createScreen } from "./screen.ts";

export interface ConsoleOptions {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly commands: readonly Command[];
  readonly input: Readable;
  readonly output: Writable;
  /** A person types here and looks there: both ends are terminals. Else `input` is a list of lines to run. */
  readonly interactive: boolean;
  /** false for NO_COLOR, TERM=dumb and output that is not a terminal. */
  readonly color: boolean;
  /** The terminal understands cursor movements; false for TERM=dumb. Without it progress is printed as plain lines. */
  readonly cursor: boolean;
  /** false where the locale cannot show more than ASCII. */
  readonly unicode: boolean;
  /** Size of the terminal in cells, asked for every drawing. Not a terminal: 80 by 24 will do. */
  readonly columns: () => number;
  readonly rows: () => number;
  readonly notices: Pick<Notices, "showBy">;
  readonly jobControl: JobControl;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Standard error: for what is left to say when `output` takes no more. */
  readonly errors: Writable;
  /** What ends when a person leaves; null when everything goes on. */
  readonly leaving: Leaving | null;
  /** Aborts when the process has to end. */
  readonly signal: AbortSignal;
}

/**
 * The terminal channel. Resolves to the exit status: interactive 0 when the person leaves; piped 0, or 1 when a line failed; 1 when
 * `input` breaks.
 * Operations outlive it. Does not close `input` nor `output`.
 */
export async function runConsole(options: ConsoleOptions): Promise<number> {
  const { desk, actor, commands, input, output, interactive, now } = options;
  // A terminal that has gone ends the session. A pipe or a file that takes no more does not: the lines are what was wanted.
  const gone = new AbortController();
  let isLost = false;
  const onError = (error: unknown) => {
    if (interactive) return gone.abort();
    if (!isLost) complaints.print(renderOutputLost(error));
    isLost = true;
  };
  output.on("error", onError);
  let isUnreadable = false;
  const onUnreadable = (error: unknown) => {
    isUnreadable = true;
    complaints.print(renderInputLost(errnoOf(error) ?? "it is closed", "prompt"));
  };
  const signal = AbortSignal.any([options.signal, gone.signal]);

  // A line that fills the last cell wraps on some terminals and not on others.
  const columns = () => Math.max(20, options.columns() - 1);
  const screen = createScreen(output, options.unicode, () => ({ columns: columns(), color: options.color }));
  const complaints = createScreen(options.errors, options.unicode, () => ({ columns: columns(), color: false }));
  const live = interactive && options.cursor;
  const progress = () => (live ? createLiveProgress(screen, options.rows, now) : createPlainProgress(screen, now));
  const { onContinued } = options.jobControl;
  const parts = { desk, actor, commands, screen, now, progress, onContinued };
  try {
    const summary = () => (isLost ? complaints : screen);
    if (!interactive) return await runPiped({ ...parts, summary, complaints }, input, signal);
    input.once("error", onUnreadable);
    const complete = (line: string) => completeLine({ desk, actor, commands }, line);
    const { columns: width, cursor: editing, jobControl } = options;
    const keyboard = createKeyboard({ input, output, columns: width, editing, complete, jobControl });
    const stopShowing = options.notices.showBy((message) => keyboard.interject(() => screen.print(message)));
    try {
      const status = await runInteractive({ ...parts, leaving: options.leaving }, keyboard, signal);
      return isUnreadable ? 1 : status;
    } finally {
      stopShowing();
      keyboard.close();
    }
  } finally {
    output.off("error", onError);
    input.off("error", onUnreadable);
  }
}
