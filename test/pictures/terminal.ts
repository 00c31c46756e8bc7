import { SerializeAddon } from "@xterm/addon-serialize";
import xterm from "@xterm/headless";

export const COLUMNS = 80;
export const ROWS = 40;

/** A terminal that keeps everything it was ever written. */
export interface Screen {
  write(output: string): void;
  /** Resolves when the screen matches; rejects when `signal` aborts. */
  shows(pattern: RegExp, signal: AbortSignal): Promise<void>;
  /** From the first line to the last in which something stands. */
  lines(): string[];
  /** The lines from `from` to before `to` as HTML, a `div` each. */
  html(from: number, to: number): string;
}

export function openScreen(): Screen {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, scrollback: 5000, allowProposedApi: true });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  const lines = () => {
    const { active } = terminal.buffer;
    const all = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "");
    return all.slice(0, all.findLastIndex((line) => line !== "") + 1);
  };
  return {
    lines,
    write: (output) => terminal.write(output),
    async shows(pattern, signal) {
      const seen = Promise.withResolvers<void>();
      const look = () => {
        if (pattern.test(lines().join("\n"))) seen.resolve();
      };
      const fail = () => seen.reject(new Error(`${pattern} was not shown:\n${lines().join("\n")}`));
      const listener = terminal.onWriteParsed(look);
      signal.addEventListener("abort", fail);
      look();
      await seen.promise.finally(() => listener.dispose());
      signal.removeEventListener("abort", fail);
    },
    html(from, to) {
      const range = { startLine: from, endLine: to - 1, startCol: 0 };
      const whole = serializer.serializeAsHTML({ range });
      // Around the lines is what a clipboard needs, in a light window's colours.
      return /<pre><div [^>]*>([\s\S]*)<\/div><\/pre>/.exec(whole)?.[1] ?? "";
    },
  };
}
