import type { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Message } from "../../core/message.ts";
import { type Look, toAscii } from "./look.ts";
import { paint } from "./paint.ts";
import { cells } from "./text-width.ts";

export interface Screen {
  readonly look: () => Look;
  write(text: string): void;
  /** Leaves the message on the screen for good. */
  print(content: Message): void;
}

export interface LiveRegion {
  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void;
  /** What was drawn stays where it is; the next drawing begins below. */
  letGo(): void;
}

/** `unicode` false: nothing but ASCII is written. */
export function createScreen(output: Writable, unicode: boolean, look: () => Look): Screen {
  const write = (text: string) => {
    // A reader that has gone (`creel | head`) is noticed by whoever owns the stream.
    if (!output.destroyed) output.write(unicode ? text : toAscii(text));
  };
  return { look, write, print: (content) => write(`${paint(content, look()).join("\n")}\n`) };
}

/** Redraws some lines in place. Nothing else may be written meanwhile. `rows`: the height of the terminal. */
export function createLiveRegion(screen: Screen, rows: () => number): LiveRegion {
  let drawn: readonly string[] = [];
  return {
    draw(lines) {
      const { columns } = screen.look();
      // What scrolled off the top cannot be redrawn, so the end of a long message wins.
      const shown = lines.slice(-Math.max(1, rows() - 1));
      // A narrower window has wrapped lines that were drawn for a wider one.
      const up = drawn.reduce(
        (sum, line) => sum + Math.max(1, Math.ceil(cells(stripVTControlCharacters(line)) / columns)),
        0,
      );
      const back = up === 0 ? "\r" : `\r\x1b[${up}A`;
      // One write, and clearing only behind each line, so that nothing flickers.
      screen.write(`${back}${shown.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
      drawn = shown;
    },
    letGo() {
      drawn = [];
    },
  };
}
