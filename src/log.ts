import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Where what nobody is watching goes: one JSON object per line, redacted. */
export interface Log {
  /** `error` with its causes. Never throws: a full disk must not end what is logged. */
  error(error: unknown, about?: Readonly<Record<string, string>>): void;
}

const MAX_BYTES = 5_000_000;
const MAX_CAUSES = 5;

/** A log in a file, with one file before it kept. */
export function fileLog(file: string, redact: (text: string) => string): Log {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return logTo((line) => {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
    appendFileSync(file, line, { mode: 0o600 });
  }, redact);
}

/** A log on standard error, for processes that nobody types into. */
export function streamLog(stream: NodeJS.WritableStream, redact: (text: string) => string): Log {
  return logTo((line) => stream.write(line), redact);
}

function logTo(write: (line: string) => void, redact: (text: string) => string): Log {
  return {
    error(error, about = {}) {
      const line = JSON.stringify({ at: new Date().toISOString(), ...about, error: chain(error) });
      try {
        write(`${redact(line)}\n`);
      } catch (problem) {
        process.emitWarning(`The log cannot be written: ${problem}`);
      }
    },
  };
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
