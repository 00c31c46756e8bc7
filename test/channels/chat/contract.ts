import { buttonsOf, type ChatMessage, type Pace, type PostOptions } from "../../../src/channels/channel.ts";

/** What is wrong with a message, by the port's own words; null when nothing is. */
export function flawOf(message: ChatMessage): string | null {
  if (message.presses.length !== message.actions.length) return "not one press per action";
  if (new Set(message.presses).size !== message.presses.length) return "presses are not unique";
  if (buttonsOf(message).length > 25) return "more than 25 buttons";
  const unfit = message.presses.find((press) => !/^[ -~]{1,64}$/.test(press));
  return unfit === undefined ? null : `the press ${unfit} does not fit`;
}

export function flawOfPost(message: ChatMessage, { key }: PostOptions): string | null {
  if (key !== null && (key === "" || key.length > 25)) return `the key ${key} does not fit`;
  if (message.private) return `a private message was posted: ${message.title}`;
  return flawOf(message);
}

/** Says what is wrong with one more call in a place at a time; null when nothing is. */
export function createPaceCheck({ gapMs, perMinute }: Pace): (chat: string, nowMs: number) => string | null {
  const callsMs = new Map<string, number[]>();
  return (chat, nowMs) => {
    const before = callsMs.get(chat) ?? [];
    callsMs.set(chat, [...before, nowMs]);
    if (nowMs - (before.at(-1) ?? Number.NEGATIVE_INFINITY) < gapMs) return "a call came too early";
    return before.filter((time) => time > nowMs - 60_000).length >= perMinute ? "too many calls in a minute" : null;
  };
}
