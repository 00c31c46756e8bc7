import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Completion } from "./completion.ts";
import { createMutableOutput } from "./muted-output.ts";
import { createTypedInput } from "./typed-input.ts";

export type Typed =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-C; `hadText` when it threw away a line being typed. */
  | { readonly type: "interrupt"; readonly hadText: boolean }
  /** Ctrl-D, a closed terminal, or `close`. */
  | { readonly type: "end" };

/** How a terminal's program stops and goes on, as shells with job control know it. */
export interface JobControl {
  /** What Ctrl-Z asks for. The terminal belongs to others until the program is continued. */
  suspend(): void;
  /** `listener` hears that the program goes on: whatever stood on the screen may be gone. Returns how not to hear it any more. */
  onContinued(listener: () => void): () => void;
}

export interface KeyboardParts {
  readonly input: Readable;
  readonly output: Writable;
  readonly columns: () => number;
  /** false: no line editing and no escape sequences. */
  readonly editing: boolean;
  readonly complete: (line: string) => Promise<Completion>;
  readonly jobControl: JobControl;
}

export interface Keyboard {
  /** Shows `prompt` and waits. Lines typed ahead are taken in order. */
  ask(prompt: string): Promise<Typed>;
  /** Whether the terminal can be kept from showing what is typed. */
  readonly hides: boolean;
  /**
   * One line that is never shown, completed or remembered; for `hides` only. What is pasted beyond it is thrown away. Ctrl-C, Ctrl-D and
   * `expiry` give it up, and nothing is left of what was typed.
   */
  askHidden(prompt: string, expiry: AbortSignal): Promise<Typed>;
  /** While `work` draws, keys are not echoed; Ctrl-C and the end of input go to `onStop`. */
  during<T>(work: () => Promise<T>, onStop: (reason: "interrupt" | "end") => void): Promise<T>;
  /** Prints above the line that is being typed, which stays, however long; while work draws or nobody is asked, before the next prompt. */
  interject(print: () => void): void;
  /** No key will come any more. */
  isClosed(): boolean;
  close(): void;
}

export function createKeyboard(parts: KeyboardParts): Keyboard {
  const output = createMutableOutput(parts.output, parts.columns);
  const input = createTypedInput(parts.input);
  const readline = createInterface({
    input,
    output: output.stream,
    terminal: parts.editing,
    historySize: 500,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      if (isHidden) return done(null, [[], line]);
      parts.complete(line).then(
        ({ candidates, partial }) => done(null, [[...candidates], partial]),
        // A key that does nothing is all a person wants to see of a store that is away; commands say what is wrong.
        () => done(null, [[], line]),
      );
    },
  });
  const ahead: Typed[] = [];
  const unsaid: (() => void)[] = [];
  let waiting: ((typed: Typed) => void) | null = null;
  let onStop: ((reason: "interrupt" | "end") => void) | null = null;
  let ended = false;
  let isHidden = false;

  const deliver = (typed: Typed) => {
    if (waiting === null) {
      // The rest of what was pasted.
      if (isHidden) return;
      ahead.push(typed);
      return;
    }
    const resolve = waiting;
    waiting = null;
    resolve(typed);
  };
  // Of a terminal that has gone; its end is what counts.
  readline.on("error", () => readline.close());
  readline.on("SIGTSTP", () => parts.jobControl.suspend());
  const stopHearing = parts.jobControl.onContinued(() => {
    if (waiting !== null) promptAfresh();
  });
  // Below whatever stands there now: where readline believes the line to begin is not true any more.
  const promptAfresh = () => {
    Object.assign(readline, { prevRows: 0 });
    readline.prompt(true);
  };
  const forgetLine = () => Object.assign(readline, { line: "", cursor: 0 });
  // What is cut away in a hidden line could be pasted into a visible one, and what was said before could be taken for it.
  input.prependListener(
    "keypress",
    (_text: string, key: { name?: string; ctrl?: boolean; meta?: boolean } | undefined) => {
      if (!isHidden || key === undefined) return;
      const { name = "", ctrl, meta } = key;
      const isPlain = ctrl !== true && meta !== true && !["up", "down", "tab"].includes(name);
      if (isPlain || (ctrl === true && ["c", "d", "h", "j", "m", "z"].includes(name))) return;
      if (ctrl === true && ["u", "k", "w"].includes(name)) forgetLine();
      // With control held readline takes no key for a letter, so that nothing is added to the line.
      Object.assign(key, { name: "nothing", ctrl: true, meta: false, shift: false });
    },
  );
  let remembered: readonly string[] = [];
  readline.on("history", (history) => {
    if (isHidden) history.splice(0, history.length, ...remembered);
    remembered = [...history];
  });
  // Readline would close for good, and whether the person leaves is still to be asked.
  input.prependListener("keypress", (_text: string, key: { name?: string; ctrl?: boolean } | undefined) => {
    if (key?.ctrl !== true || key.name !== "d" || readline.line !== "") return;
    key.name = "end-of-input";
    if (onStop !== null) onStop("interrupt");
    deliver({ type: "end" });
  });
  readline.on("line", (text) => deliver({ type: "line", text }));
  readline.on("SIGINT", () => {
    if (onStop !== null) {
      onStop("interrupt");
      return;
    }
    if (isHidden) {
      forgetLine();
      parts.output.write("\n");
      return deliver({ type: "interrupt", hadText: false });
    }
    const hadText = readline.line !== "";
    // Ctrl-E, Ctrl-U: empties the line that was being typed, without drawing it again.
    output.mute(true);
    readline.write(null, { ctrl: true, name: "e" });
    readline.write(null, { ctrl: true, name: "u" });
    output.mute(false);
    parts.output.write("\n");
    deliver({ type: "interrupt", hadText });
  });
  readline.on("close", () => {
    ended = true;
    onStop?.("end");
    if (waiting !== null) deliver({ type: "end" });
  });

  return {
    interject(print) {
      if (waiting === null || onStop !== null) {
        unsaid.push(print);
        return;
      }
      const { rows } = readline.getCursorPos();
      parts.output.write(parts.editing ? `\r${rows > 0 ? `\x1b[${rows}A` : ""}\x1b[J` : "\n");
      print();
      parts.output.write("\n");
      promptAfresh();
    },
    async ask(prompt) {
      for (const print of unsaid.splice(0)) {
        print();
        parts.output.write("\n");
      }
      readline.setPrompt(prompt);
      const typed = ahead.shift();
      if (typed !== undefined) {
        if (typed.type === "line") parts.output.write(`${prompt}${typed.text}\n`);
        return typed;
      }
      if (ended) return { type: "end" };
      // A question in the middle of some work: until it is answered, keys are the question's.
      const interruptedWork = onStop;
      onStop = null;
      output.mute(false);
      try {
        return await new Promise<Typed>((resolve) => {
          waiting = resolve;
          readline.prompt(true);
        });
      } finally {
        onStop = interruptedWork;
        output.mute(onStop !== null);
      }
    },
    hides: parts.editing,
    async askHidden(prompt, expiry) {
      if (ended) return { type: "end" };
      const interruptedWork = onStop;
      // What was typed ahead was not meant for this question.
      ahead.length = 0;
      forgetLine();
      onStop = null;
      isHidden = true;
      output.mute(true);
      parts.output.write(prompt);
      const expire = () => deliver({ type: "interrupt", hadText: false });
      try {
        const typed = await new Promise<Typed>((resolve) => {
          waiting = resolve;
          expiry.addEventListener("abort", expire, { once: true });
          if (expiry.aborted) expire();
        });
        if (typed.type !== "interrupt" || expiry.aborted) parts.output.write("\n");
        // What was pasted with it comes before anything else can.
        await new Promise((resolve) => setImmediate(resolve));
        return typed;
      } finally {
        expiry.removeEventListener("abort", expire);
        forgetLine();
        isHidden = false;
        onStop = interruptedWork;
        output.mute(onStop !== null);
      }
    },
    async during(work, stop) {
      output.mute(true);
      onStop = stop;
      try {
        if (ended) stop("end");
        return await work();
      } finally {
        onStop = null;
        output.mute(false);
      }
    },
    isClosed: () => ended,
    close() {
      stopHearing();
      readline.close();
      input.close();
      output.close();
      for (const print of unsaid.splice(0)) print();
    },
  };
}
