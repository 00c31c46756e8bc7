import { appendFileSync, renameSync, statSync } from "node:fs";

/** Where what nobody is watching goes: one JSON object per line, redacted. */
export interface Log {
  /** `error` with its causes. Never throws: a full disk must not end what is logged. */
  error(error: unknown, about?: Readonly<Record<string, string>>): void;
}

const MAX_BYTES = 5_000_000;
const MAX_CAUSES = 5;
const REPEAT_MS = 60_000;

/** A log in a file, with one file before it kept. The same error again and again, as while Redis is away, is one line a minute. */
export function fileLog(file: string, redact: (text: string) => string): Log {
  let complained = false;
  let last = { key: "", sinceStartMs: Number.NEGATIVE_INFINITY };
  return {
    error(error, about = {}) {
      const links = chain(error);
      const key = JSON.stringify([about, links[0]?.message]);
      // Not by the clock, which may be set back.
      const sinceStartMs = performance.now();
      if (key === last.key && sinceStartMs - last.sinceStartMs < REPEAT_MS) return;
      last = { key, sinceStartMs };
      try {
        if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
        const line = JSON.stringify({ at: new Date().toISOString(), ...about, error: links });
        appendFileSync(file, `${redact(line)}\n`, { mode: 0o600 });
      } catch (problem) {
        if (!complained) process.stderr.write(`creel: ${file} cannot be written: ${reason(problem)}\n`);
        complained = true;
      }
    },
  };
}

/** `ENOSPC: no space left on device, open '…'` in words. */
function reason(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  return `${text.replace(/^E[A-Z]+: /, "").replace(/, \w+(?: '.*')?$/, "")}.`;
}

/** An error, its code and stack, and what caused it, outermost first. */
function chain(error: unknown): readonly Record<string, unknown>[] {
  const links: Record<string, unknown>[] = [];
  for (let link = error; link !== undefined && link !== null && links.length < MAX_CAUSES; ) {
    if (!(link instanceof Error)) {
      links.push({ message: String(link) });
      break;
    }
    const code = "code" in link ? { code: String(link.code) } : {};
    links.push({ name: link.name, message: link.message, ...code, stack: link.stack?.split("\n").slice(1, 8) });
    link = link.cause;
  }
  return links;
}
