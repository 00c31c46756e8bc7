import type { ChatMessage } from "../../../src/channels/channel.ts";
import type { Action } from "../../../src/core/message.ts";

export function chatMessage(parts: Partial<ChatMessage> = {}): ChatMessage {
  return { title: "Hello", tone: "plain", blocks: [], actions: [], presses: [], private: false, ...parts };
}

export function button(label: string, tone: Action["tone"] = "plain"): Action {
  return { label, tone, does: { type: "command", line: "/status" } };
}
