import { isIPv4 } from "node:net";
import { z } from "zod";
import { runChild } from "./child.ts";

const answer = z.array(z.object({ type: z.string().default("unicast"), dst: z.string(), dev: z.string().optional() }));

/** Where this machine sends packets to. */
export interface Route {
  /** "default", an IPv4 address, or a range such as "10.0.0.0/8". */
  readonly to: string;
  readonly dev: string;
}

/** All IPv4 routes of this machine, in whatever table; empty when it cannot say. @throws OpsError `tool-missing`. */
export async function routes(): Promise<Route[]> {
  const { exitCode, output } = await runChild(["ip", "-4", "-json", "route", "show", "table", "all"]);
  if (exitCode !== 0) return [];
  return answer
    .parse(JSON.parse(output))
    .flatMap(({ type, dst, dev }) => (type === "unicast" && dev !== undefined ? [{ to: dst, dev }] : []));
}

/** How a route's range and the /16 that begins with `prefix` lie to each other; null when they are apart, or when it leads everywhere. */
export function overlapOf(prefix: string, { to }: Pick<Route, "to">): "inside" | "around" | null {
  const [address = "", length = "32"] = to.split("/");
  const bits = Number(length);
  // A VPN says "everywhere" in two halves, which win over the default route.
  if (!isIPv4(address) || bits <= 1) return null;
  const shared = Math.min(bits, 16);
  if (networkOf(address, shared) !== networkOf(`${prefix}.0.0`, shared)) return null;
  return bits >= 16 ? "inside" : "around";
}

function networkOf(address: string, bits: number): number {
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return Math.floor(value / 2 ** (32 - bits));
}
