import { readFileSync } from "node:fs";
import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import { parseJson } from "../../src/core/json.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { NetworkLook, NetworkTarget } from "./gateway.ts";
import { CONTAINER } from "./paths.ts";

const SCRIPT = readFileSync(new URL("./network-look.mjs", import.meta.url), "utf8");
/** The script gives itself 13 s. */
const TIMEOUT_MS = 18_000;

const answerSchema = z.discriminatedUnion("obstacle", [
  z.object({ obstacle: z.null() }),
  z.object({ obstacle: z.literal("lookup"), code: z.string(), servers: z.array(z.string()).readonly() }),
  z.object({ obstacle: z.literal("connection"), code: z.string(), tried: z.array(z.string()).readonly() }),
]);
type Answer = z.infer<typeof answerSchema>;

/** From inside the gateway's container: what its host can reach proves nothing of the agent. @throws OpsError `host-command-failed`. */
export async function lookOutside(shell: HostShell, target: NetworkTarget, signal?: AbortSignal): Promise<NetworkLook> {
  const script = ["node", "--input-type=module", "--eval", SCRIPT, target.host, String(target.port)] as const;
  const options = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const output = await shell.check(["podman", "exec", CONTAINER, ...script], options);
  const answer = answerSchema.safeParse(parseJson(output));
  if (answer.success) return toLook(answer.data, target);
  throw new OpsError({
    code: "host-command-failed",
    userMessage: "The gateway's container did not say whether it reaches the network.",
    evidence: output.split("\n").slice(-5),
  });
}

/** Exported for tests. */
export function toLook(answer: Answer, { host, port }: NetworkTarget): NetworkLook {
  switch (answer.obstacle) {
    case null:
      return { reachable: true };
    case "lookup": {
      const servers = answer.servers.join(", ") || "any name server";
      const why =
        answer.code === "ENOTFOUND"
          ? `${answer.servers[0] ?? "the name server"} does not know ${host}`
          : `${host} cannot be looked up: no answer from ${servers}`;
      return { reachable: false, obstacle: "lookup", why };
    }
    case "connection": {
      const [first = "an unknown address", ...others] = answer.tried;
      const also =
        others.length === 0 ? "" : ` or ${others.length} more ${others.length === 1 ? "address" : "addresses"}`;
      const onlyIpv6 = answer.tried.every((address) => address.includes(":"));
      const family = onlyIpv6 && answer.code !== "ECONNREFUSED" ? "; it has only IPv6 addresses" : "";
      const why = `${host} is known, but ${first}${also} ${CONNECTION[answer.code] ?? `fails (${answer.code})`} at port ${port}${family}`;
      return { reachable: false, obstacle: "connection", why };
    }
  }
}

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections",
  ECONNRESET: "ends connections",
  ETIMEDOUT: "does not answer",
  ENETUNREACH: "cannot be reached",
  EHOSTUNREACH: "cannot be reached",
  EACCES: "is closed by a firewall",
  EPERM: "is closed by a firewall",
};
