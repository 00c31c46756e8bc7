import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { commands } from "../../commands/index.ts";
import { runConsole } from "../../src/channels/console/console.ts";
import type { Leaving } from "../../src/channels/console/leaving.ts";
import { createNotices, type Notices } from "../../src/channels/console/notices.ts";
import { createDeskWorld, type DeskWorld, owner } from "../desk/world.ts";

export interface TestTerminal {
  readonly world: DeskWorld;
  /** Everything shown so far, without escape sequences. */
  seen(): string;
  /** Everything written so far, as it is. */
  raw(): string;
  /** Resolves when `pattern` has been shown since the last call that matched. */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  endInput(): void;
  /** From now on nothing can be read: `EIO`. */
  breakInput(code: string): void;
  /** From now on nothing can be written: `EPIPE`, `ENOSPC`. */
  loseOutput(code: string): void;
  /** What was said on standard error. */
  complained(): string;
  readonly stop: AbortController;
  /** Printed with "elsewhere:" when the terminal does not take them. */
  readonly notices: Notices;
  readonly exit: Promise<number>;
  /** Moves the clock that durations are measured with. */
  advance(ms: number): void;
}

export interface TerminalOptions {
  readonly interactive: boolean;
  readonly actor?: typeof owner;
  readonly columns?: number;
  readonly cursor?: boolean;
  readonly leaving?: Leaving;
  readonly before?: (world: DeskWorld) => Promise<void>;
  readonly world?: (now: () => number) => DeskWorld;
}

/** The real console between two streams, over the real desk. */
export async function openTerminal(options: TerminalOptions): Promise<TestTerminal> {
  let nowMs = 1_000_000;
  const now = () => nowMs;
  const world = (options.world ?? createDeskWorld)(now);
  await options.before?.(world);
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  const errors = new PassThrough({ encoding: "utf8" });
  let complaints = "";
  errors.on("data", (chunk: string) => {
    complaints += chunk;
  });
  const wrote = new EventTarget();
  let raw = "";
  let matchedTo = 0;
  output.on("data", (chunk: string) => {
    raw += chunk;
    wrote.dispatchEvent(new Event("data"));
  });
  const stop = new AbortController();
  const notices = createNotices((message) => output.write(`elsewhere: ${message.title}\n`));
  const exit = runConsole({
    desk: world.desk,
    actor: options.actor ?? owner,
    commands,
    input,
    output,
    errors,
    interactive: options.interactive,
    color: false,
    cursor: options.cursor ?? true,
    unicode: true,
    columns: () => options.columns ?? 80,
    rows: () => 24,
    notices,
    jobControl: { suspend: () => undefined, onContinued: () => () => undefined },
    leaving: options.leaving ?? null,
    now,
    signal: stop.signal,
  });
  const seen = () => stripVTControlCharacters(raw);
  return {
    world,
    seen,
    raw: () => raw,
    async shows(pattern) {
      for (;;) {
        const match = pattern.exec(seen().slice(matchedTo));
        if (match !== null) {
          matchedTo += match.index + match[0].length;
          return;
        }
        await new Promise<void>((resolve) => wrote.addEventListener("data", () => resolve(), { once: true }));
      }
    },
    type: (keys) => void input.write(keys),
    endInput: () => void input.end(),
    breakInput: (code) => void input.destroy(Object.assign(new Error(code), { code })),
    loseOutput: (code) => void output.destroy(Object.assign(new Error(code), { code })),
    complained: () => complaints,
    stop,
    notices,
    exit,
    advance(ms) {
      nowMs += ms;
    },
  };
}
