import type { Actor } from "../core/actor.ts";
import type { RateLimiter } from "../core/chat.ts";
import { OpsError } from "../core/errors.ts";
import { formatDuration } from "../core/measures.ts";

const HOUR_MS = 60 * 60_000;
const PER_HOUR: Readonly<Record<string, number>> = { deploy: 10 };
const PER_HOUR_ELSE = 300;

/** Per hour, by command. What is not named has a default. */
export type Limits = Readonly<Record<string, number>>;

/** Counts one more of this command by this person. @throws OpsError `rate-limited`. */
export async function checkRate(limiter: RateLimiter, limits: Limits, actor: Actor, command: string): Promise<void> {
  const limit = limits[command] ?? PER_HOUR[command] ?? PER_HOUR_ELSE;
  const waitMs = await limiter.take(`${actor.channel}:${actor.user}:${command}`, limit, HOUR_MS);
  if (waitMs === 0) return;
  throw new OpsError({
    code: "rate-limited",
    userMessage: `That is more than ${limit} times /${command} within an hour.`,
    hint: `It is possible again in ${formatDuration(waitMs)}. An owner can change limits.${command} in creel.yaml.`,
  });
}
