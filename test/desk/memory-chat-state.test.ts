import { channelMemoryContract } from "../contract/channel-memory.ts";
import { createMemoryLimiter, createMemoryOfChannels } from "./memory-chat-state.ts";

channelMemoryContract("In memory", async () => {
  let nowMs = 0;
  const now = () => nowMs;
  const pass = async (ms: number) => {
    nowMs += ms;
  };
  return { memory: createMemoryOfChannels(now), limiter: createMemoryLimiter(now), pass };
});
