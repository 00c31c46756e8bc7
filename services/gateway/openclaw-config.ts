import { SECRETS_FILE, TOKEN_POINTER } from "./paths.ts";

/** `openclaw.json` for a gateway that is looked after by Creel. Holds no secret: the token is a reference into the secrets file. */
export function openclawConfig({ port }: { readonly port: number }): string {
  const config = {
    gateway: {
      mode: "local",
      port,
      // In a container OpenClaw would listen everywhere by default.
      bind: "loopback",
      auth: { mode: "token", token: { source: "file", provider: "creel", id: TOKEN_POINTER } },
      controlUi: { enabled: false },
    },
    secrets: { providers: { creel: { source: "file", path: SECRETS_FILE, mode: "json" } } },
    // Versions change through Creel only, with a backup before and a way back.
    update: { checkOnStart: false },
    models: { catalogRefresh: { enabled: false } },
    // The journal has the console output; the file in /tmp is in memory and must stay small.
    logging: { level: "warn", consoleLevel: "info", maxFileBytes: 1_000_000 },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
