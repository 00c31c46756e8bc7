import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { looksLikeCredential } from "../core/credential-shapes.ts";
import { errnoOf } from "../core/errno.ts";
import { visible } from "../core/typed.ts";
import { INPUT_BROKE, MISSING, NEEDED, NOTHING_WRITTEN, REFUSED, TOKEN_TYPED, YES_OR_NO } from "./texts.ts";
import { wrap } from "./wrap.ts";

export type Read<T> = { readonly value: T } | { readonly complaint: string };

export interface Question<T> {
  readonly text: string;
  /** What Enter means; null when there has to be an answer. */
  readonly fallback: string | null;
  /** Shown in brackets; absent: the fallback. */
  readonly brackets?: string;
  /** Gets the answer without spaces around it; empty when the fallback is. */
  readonly read: (answer: string) => Read<T>;
}

/** The dialog has ended before its end. `exitCode` as shells have it; `message` is for the person. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One question at a time. Answers are neither echoed nor kept by anything in here. Methods throw `Stopped`. */
export interface Dialog {
  /** Broken between words where it does not fit. */
  say(text: string): void;
  /** As it is. */
  show(text: string): void;
  ask<T>(question: Question<T>): Promise<T>;
  confirm(text: string, fallback: boolean): Promise<boolean>;
  /** Waits for `work`, unless the person leaves. */
  during<T>(work: Promise<T>): Promise<T>;
  close(): void;
}

export interface DialogParts {
  readonly input: Readable;
  /** `columns` where it has a width. */
  readonly output: Writable & { readonly columns?: number };
  /** A person sits there: wrong answers are asked for again, and the end of input is a no. Else it stops, because the next line answers another question. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

const INTERRUPTED = 130;

export function createDialog({ input, output, interactive, signal }: DialogParts): Dialog {
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const leave = () => stopped.reject(new Stopped(`\n${NOTHING_WRITTEN}`, INTERRUPTED));
  const readline = createInterface({
    input,
    terminal: interactive,
    // Nothing that was typed comes back with the arrow keys.
    historySize: 0,
    crlfDelay: Number.POSITIVE_INFINITY,
    ...(interactive ? { output } : {}),
  });
  const lines: string[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  readline.on("line", (line) => {
    lines.push(line);
    wake();
  });
  readline.on("close", () => {
    ended = true;
    if (interactive) leave();
    wake();
  });
  readline.on("error", (error: unknown) => {
    stopped.reject(new Stopped(`\n${INPUT_BROKE(errnoOf(error))}\n${NOTHING_WRITTEN}`, 1));
    readline.close();
  });
  readline.on("SIGINT", leave);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();

  /** null at the end of the input. */
  const nextLine = async (prompt: string): Promise<string | null> => {
    if (interactive) {
      readline.setPrompt(prompt);
      readline.prompt();
    } else {
      output.write(`${prompt}\n`);
    }
    while (lines.length === 0 && !ended) {
      const changed = Promise.withResolvers<void>();
      wake = changed.resolve;
      await Promise.race([changed.promise, stopped.promise]);
    }
    return lines.shift() ?? null;
  };

  const show = (text: string) => void output.write(`${text}\n`);
  // Terminals that do not know their width say 0.
  const say = (text: string) => show(output.columns ? wrap(text, output.columns) : text);

  const ask = async <T>({ text, fallback, brackets, read }: Question<T>): Promise<T> => {
    // A question may start with empty lines; a prompt that is drawn again must not.
    const question = text.trimStart();
    output.write(text.slice(0, text.length - question.length));
    const bracketed = brackets ?? fallback;
    const hint = bracketed === null ? "" : ` [${bracketed}]`;
    while (true) {
      await Promise.race([stopped.promise, Promise.resolve()]);
      const line = await nextLine(`${question}${hint}: `);
      if (line === null && fallback === null) throw new Stopped(`${MISSING(question)}\n${NOTHING_WRITTEN}`, 1);
      const found = judge(visible(line ?? "").trim(), fallback, read);
      if ("value" in found) return found.value;
      if (!interactive) throw new Stopped(`${question}: ${found.complaint}\n${NOTHING_WRITTEN}`, 1);
      say(found.complaint);
    }
  };

  return {
    say,
    show,
    ask,
    confirm: (text, fallback) =>
      ask({
        text,
        fallback: fallback ? "y" : "n",
        brackets: fallback ? "Y/n" : "y/N",
        read: (answer) => (/^(?:y|yes|n|no)$/i.test(answer) ? { value: /^y/i.test(answer) } : { complaint: YES_OR_NO }),
      }),
    during: (work) => Promise.race([work, stopped.promise]),
    close() {
      signal.removeEventListener("abort", leave);
      readline.close();
    },
  };
}

function judge<T>(typed: string, fallback: string | null, read: (answer: string) => Read<T>): Read<T> {
  if (looksLikeCredential(typed)) return { complaint: TOKEN_TYPED };
  const found = fallback === null && typed === "" ? { complaint: NEEDED } : read(answerFor(typed, fallback));
  return "value" in found ? found : { complaint: REFUSED(found.complaint) };
}

function answerFor(typed: string, fallback: string | null): string {
  if (fallback === null) return typed;
  return /^none$/i.test(typed) ? "" : typed || fallback;
}
