import { type Readable, Transform } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** What readline takes for keys: a stream that may be a terminal, whose mode it sets. */
interface KeySource extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
}

export interface TypedInput extends Transform {
  setRawMode(on: boolean): void;
  /** Lets go of the terminal, which stays open. Idempotent. */
  close(): void;
}

/** Separators that readline would take for Enter, and control characters that terminals would obey when they are echoed. */
const NO_KEYS = /[\u0080-\u009f\u2028\u2029]/g;

/** The keys of a terminal, for readline: only Enter ends a line, whatever is pasted. */
export function createTypedInput(source: KeySource): TypedInput {
  const decoder = new StringDecoder("utf8");
  const keys = new Transform({
    decodeStrings: false,
    transform(chunk: Buffer | string, _encoding, done) {
      done(null, (typeof chunk === "string" ? chunk : decoder.write(chunk)).replace(NO_KEYS, " "));
    },
  });
  const onError = (error: unknown) => keys.destroy(error instanceof Error ? error : undefined);
  source.on("error", onError);
  // A terminal that has gone cannot even be given back, and readline has stopped listening by then.
  keys.on("error", () => undefined);
  source.pipe(keys);
  return Object.assign(keys, {
    setRawMode: (on: boolean) => void source.setRawMode?.(on),
    close() {
      source.unpipe(keys);
      source.off("error", onError);
      source.pause();
    },
  });
}
