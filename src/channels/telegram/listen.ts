import { once } from "node:events";
import type { Server } from "node:http";
import { errnoOf } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";

/** What the system's codes mean for a person; source: listen(2), bind(2), getaddrinfo(3) and Node's own for a port above 65535. */
const REASONS: Readonly<Partial<Record<string, string>>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "the system does not allow it",
  EPERM: "the system does not allow it",
  EADDRNOTAVAIL: "this machine does not have that address",
  EAFNOSUPPORT: "this machine does not have that address",
  ENOTFOUND: "there is no such address",
  EAI_AGAIN: "the name cannot be looked up",
  ERR_SOCKET_BAD_PORT: "there is no such port",
};

/** `at`: address and port, such as "127.0.0.1:8443" or "[::1]:8443". @throws OpsError `address-in-use`, `config-invalid`. */
export async function listen(server: Server, at: string): Promise<void> {
  const colon = at.lastIndexOf(":");
  try {
    server.listen(Number(at.slice(colon + 1)), at.slice(0, colon).replace(/^\[|\]$/g, ""));
    await once(server, "listening");
  } catch (error) {
    throw listenError(at, error);
  }
}

export function listenError(at: string, cause: unknown): OpsError {
  const code = errnoOf(cause) ?? "unknown";
  const why = REASONS[code] ?? `the system says ${code}`;
  return new OpsError({
    code: code === "EADDRINUSE" ? "address-in-use" : "config-invalid",
    userMessage: `Creel cannot listen on ${at} for Telegram: ${why}.`,
    hint: "Set telegram.webhook.listen to a free address and port of this machine, such as 127.0.0.1:8443.",
    cause,
  });
}
