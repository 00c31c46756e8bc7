import { createScreen } from "../channels/console/screen.ts";
import type { Message } from "../core/message.ts";

/** Prints a message plainly, for what is said outside the prompt. */
export function show(message: Message, stream: NodeJS.WriteStream): void {
  createScreen(stream, true, () => ({ columns: (stream.columns || 80) - 1, color: false })).print(message);
}
