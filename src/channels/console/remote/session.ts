import type { Socket } from "node:net";
import { PassThrough, Writable } from "node:stream";
import type { ConsoleOptions } from "../console.ts";
import { type FromClient, type Hello, piecesOf, send } from "./protocol.ts";

/** What a client that does not read may leave in memory; then it is let go of. */
const MOST_UNREAD_BYTES = 8_000_000;

/** A terminal at the other end of a socket, as the console wants one. */
export type RemoteTerminal = Pick<
  ConsoleOptions,
  | "input"
  | "output"
  | "errors"
  | "interactive"
  | "color"
  | "cursor"
  | "unicode"
  | "columns"
  | "rows"
  | "jobControl"
  | "signal"
>;

export interface RemoteSession {
  readonly terminal: RemoteTerminal;
  hear(message: FromClient): void;
  /** The connection has gone, or Creel ends. Idempotent. */
  stop(): void;
}

export function createRemoteSession(socket: Socket, hello: Hello): RemoteSession {
  const stop = new AbortController();
  const input = new PassThrough({ encoding: "utf8" });
  const output = sending(socket, "output");
  const errors = sending(socket, "errors");
  // When the console has ended, nobody else listens; and a client must not be able to end this process.
  for (const stream of [input, output, errors]) stream.on("error", () => undefined);
  let { columns, rows } = hello;
  let isTaking = false;
  const continued = new Set<() => void>();
  const hear = (message: FromClient) => {
    switch (message.type) {
      case "input":
        // More than was asked for would have to be kept.
        if (isTaking || input.writableEnded) return void socket.destroy();
        isTaking = true;
        input.write(message.data, () => {
          isTaking = false;
          send(socket, { type: "taken" });
        });
        return;
      case "end":
        return void input.end();
      case "size":
        ({ columns, rows } = message);
        return void output.emit("resize");
      case "continued":
        for (const listener of continued) listener();
        return;
      case "lost":
        return void output.destroy(Object.assign(new Error("The output of a client is lost."), { code: message.code }));
      case "stop":
        return stop.abort();
      case "hello":
        return void socket.destroy();
    }
  };
  return {
    hear,
    stop: () => stop.abort(),
    terminal: {
      ...hello,
      input,
      output,
      errors,
      columns: () => columns,
      rows: () => rows,
      signal: stop.signal,
      jobControl: {
        suspend: () => void send(socket, { type: "suspend" }),
        onContinued(listener) {
          continued.add(listener);
          return () => void continued.delete(listener);
        },
      },
    },
  };
}

function sending(socket: Socket, type: "output" | "errors"): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      for (const data of piecesOf(String(chunk))) send(socket, { type, data });
      if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
      done();
    },
  });
}
