import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";

/** Changes whenever either side would misunderstand the other. */
export const PROTOCOL = 1;
/** Below the state folder. */
export const SOCKET_NAME = "creel.sock";

/** Characters of one message; input and output are cut into pieces of at most 16,384. */
const LONGEST_MESSAGE = 262_144;
const LONGEST_PIECE = 16_384;

const cells = z.int().min(1).max(10_000);
const size = { columns: cells, rows: cells };

/** What stands behind a connection: everything a session wants to know of a terminal. */
const hello = z.object({
  type: z.literal("hello"),
  protocol: z.int(),
  interactive: z.boolean(),
  color: z.boolean(),
  cursor: z.boolean(),
  unicode: z.boolean(),
  ...size,
});

export const fromClient = z.discriminatedUnion("type", [
  hello,
  /** The next one only after `taken`. */
  z.object({ type: z.literal("input"), data: z.string().max(LONGEST_PIECE) }),
  z.object({ type: z.literal("end") }),
  z.object({ type: z.literal("size"), ...size }),
  z.object({ type: z.literal("continued") }),
  /** Standard output takes no more. */
  z.object({ type: z.literal("lost"), code: z.string().max(40) }),
  /** The program was asked to end. */
  z.object({ type: z.literal("stop") }),
]);

export const fromServer = z.discriminatedUnion("type", [
  /** `proof`: the name of a file to make in the state folder, which shows who asks. */
  z.object({
    type: z.literal("welcome"),
    protocol: z.int(),
    version: z.string(),
    pid: z.int(),
    proof: z.string().regex(/^attach-[0-9a-f]+$/),
  }),
  z.object({ type: z.literal("refused"), message: z.string(), hint: z.string().nullable() }),
  z.object({ type: z.literal("taken") }),
  z.object({ type: z.literal("output"), data: z.string() }),
  z.object({ type: z.literal("errors"), data: z.string() }),
  z.object({ type: z.literal("suspend") }),
  /** `ended`: Creel itself ends, not only the session. */
  z.object({ type: z.literal("exit"), status: z.int(), ended: z.boolean() }),
]);

export type Hello = z.infer<typeof hello>;
export type FromClient = z.infer<typeof fromClient>;
export type FromServer = z.infer<typeof fromServer>;

/** `text` in pieces that one message can carry; no character is cut in two. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const isHalf = /[\ud800-\udbff]/.test(text.charAt(at + LONGEST_PIECE - 1));
    const end = at + LONGEST_PIECE - (isHalf ? 1 : 0);
    yield text.slice(at, end);
    at = end;
  }
}

export function send(socket: Socket, message: FromClient | FromServer): boolean {
  return socket.writable && socket.write(`${JSON.stringify(message)}\n`);
}

/** Gives every message to `onMessage`, in order. What is no message of `schema`, or is longer than one may be, breaks the connection. */
export function receive<Message>(
  socket: Socket,
  schema: z.ZodType<Message>,
  onMessage: (message: Message) => void,
): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_MESSAGE) return void socket.destroy();
    for (const line of lines) {
      if (socket.destroyed) return;
      const message = schema.safeParse(jsonOf(line));
      if (!message.success) return void socket.destroy();
      onMessage(message.data);
    }
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
