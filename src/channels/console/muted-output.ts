import { Writable } from "node:stream";

/** A terminal that readline writes to, and that can be kept from doing so while something else draws. */
export interface MutableOutput {
  readonly stream: Writable;
  mute(on: boolean): void;
  close(): void;
}

/** Keys typed meanwhile are kept by readline; only their echo is dropped. */
export function createMutableOutput(output: Writable, columns: () => number): MutableOutput {
  let muted = false;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      if (!muted && !output.destroyed) output.write(chunk);
      done();
    },
  });
  Object.defineProperty(stream, "columns", { get: columns });
  const onResize = () => stream.emit("resize");
  output.on("resize", onResize);
  return {
    stream,
    mute(on) {
      muted = on;
    },
    close() {
      output.off("resize", onResize);
      stream.destroy();
    },
  };
}
