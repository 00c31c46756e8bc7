import { z } from "zod";
import { parseJson } from "../../src/core/json.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { rpcFailed } from "./failures.ts";
import { httpGet } from "./http.ts";
import { CONTAINER } from "./paths.ts";

/** OpenClaw's own program, which is the only one that makes such a link, takes 8 s on a small host. */
const TIMEOUT_MS = 60_000;

const answerSchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), browserUrl: z.string() }),
  z.object({ ok: z.literal(false), reason: z.string() }),
]);

/** See `GatewayTalk.page`. */
export async function pageLink(shell: HostShell, port: number, signal: AbortSignal): Promise<Secret | null> {
  if ((await httpGet(shell, port, "/", signal)).status === 404) return null;
  const argv = ["podman", "exec", CONTAINER, "openclaw", "dashboard", "--json"] as const;
  // Its exit status says no more than its answer.
  const { stdout } = await shell.run([...argv], { signal, timeoutMs: TIMEOUT_MS });
  const answer = answerSchema.safeParse(parseJson(stdout));
  // A cause would quote the link.
  if (!answer.success) throw rpcFailed("it made no link to its page");
  if (!answer.data.ok) throw rpcFailed(`it made no link to its page: ${JSON.stringify(answer.data.reason)}`);
  const link = linkOf(answer.data.browserUrl, port);
  if (link === null) throw rpcFailed("the link it made does not lead to its own page");
  return link;
}

/**
 * null for one that leads elsewhere: it was made in the agent's container, and a person will open it and own what is behind it.
 * Exported for tests.
 */
export function linkOf(text: string, port: number): Secret | null {
  const here = `127.0.0.1:${port}`;
  const url = URL.parse(text);
  if (url === null || url.origin !== `http://${here}` || url.username !== "" || url.password !== "") return null;
  const given = new URLSearchParams(url.hash.slice(1));
  const token = given.get("bootstrapToken");
  const socket = URL.parse(given.get("gatewayUrl") ?? "");
  if (token === null || token === "" || socket?.protocol !== "ws:" || socket.host !== here) return null;
  return new Secret(url.href);
}
