import { GatewayDispatchEvents, GatewayOpcodes } from "discord.js";
import { z } from "zod";
import { SNOWFLAKE } from "./snowflake.ts";

const frame = z.object({ op: z.number(), d: z.unknown(), s: z.number().nullish(), t: z.string().nullish() });
/** What the library uses of each payload without looking whether it is there. */
const parts = {
  [GatewayOpcodes.Hello]: z.object({
    heartbeat_interval: z
      .number()
      .min(1_000)
      .max(2 ** 31 - 1),
  }),
  [GatewayOpcodes.InvalidSession]: z.boolean(),
};
const ready = z.object({
  session_id: z.string(),
  resume_gateway_url: z.url({ protocol: /^wss?$/ }),
  application: z.object({ id: z.string().regex(SNOWFLAKE) }),
});
const dispatched = frame.extend({ s: z.number().int().nonnegative(), t: z.string() });

/** Whether a frame of the gateway is one that the library can take. Source: Discord API, "Gateway Events". */
export function isFrame(data: unknown): boolean {
  const read = frame.safeParse(parsed(data));
  if (!read.success) return false;
  const { op, d, t } = read.data;
  if (op === GatewayOpcodes.Hello || op === GatewayOpcodes.InvalidSession) return parts[op].safeParse(d).success;
  if (op !== GatewayOpcodes.Dispatch) return true;
  return dispatched.safeParse(read.data).success && (t !== GatewayDispatchEvents.Ready || ready.safeParse(d).success);
}

function parsed(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}
