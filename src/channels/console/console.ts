import type { Readable, Writable } from "node:stream";
import type { Command } from "../../../commands/command.ts";
import type { Actor } from "../../core/actor.ts";
import type { Desk } from "../../core/desk.ts";
import { completeLine } from "./completion.ts";
import { runInteractive } from "./interactive.ts";
import { createKeyboard } from "./keyboard.ts";
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
  readonly notices: Notices;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborts when the process has to end. */
  readonly signal: AbortSignal;
}

/**
 * The terminal channel. Resolves to the exit status: interactive 0 when the person leaves; piped 0, or 1 when a line failed.
 * Operations outlive it. Does not close `input` nor `output`.
 */
export async function runConsole(options: ConsoleOptions): Promise<number> {
  const { desk, actor, commands, input, output, interactive, now } = options;
  // A reader that goes away (`creel | head`) ends the session instead of the process.
  const gone = new AbortController();
  const onError = () => gone.abort();
  output.on("error", onError);
  const signal = AbortSignal.any([options.signal, gone.signal]);

  // A line that fills the last cell wraps on some terminals and not on others.
  const columns = () => Math.max(20, options.columns() - 1);
  const screen = createScreen(output, options.unicode, () => ({ columns: columns(), color: options.color }));
  const live = interactive && options.cursor;
  const progress = () => (live ? createLiveProgress(screen, options.rows, now) : createPlainProgress(screen, now));
  const parts = { desk, actor, commands, screen, now, progress };
  try {
    if (!interactive) return await runPiped(parts, input, signal);
    const complete = (line: string) => completeLine({ desk, actor, commands }, line);
    const keyboard = createKeyboard({ input, output, columns: options.columns, editing: options.cursor, complete });
    const stopShowing = options.notices.showBy((message) => keyboard.interject(() => screen.print(message)));
    try {
      return await runInteractive(parts, keyboard, signal);
    } finally {
      stopShowing();
      keyboard.close();
    }
  } finally {
    output.off("error", onError);
  }
}
