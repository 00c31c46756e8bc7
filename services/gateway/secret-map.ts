import { createHash, createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { isGroup, type Json, parseJson } from "../../src/core/json.ts";
import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import { rpcFailed } from "./failures.ts";
import { CREDENTIAL } from "./paths.ts";

/** Names and values of everything secret that a gateway is given. */
const secretMap = z.object({ gatewayToken: z.string().min(1) }).catchall(z.string());
export type SecretMap = z.infer<typeof secretMap>;

/** What a host keeps, and how to say which that was. */
export interface HeldSecrets {
  readonly map: SecretMap;
  /** Of its text; hexadecimal. */
  readonly digest: string;
}

const FINGERPRINT_DIGITS = 16;

/** @throws OpsError `gateway-rpc-failed` that quotes nothing of it. */
export function secretMapIn(text: string): SecretMap {
  const map = secretMap.safeParse(parseJson(text));
  if (!map.success) throw rpcFailed("the secrets file on the host does not hold its token");
  return map.data;
}

/** What the host keeps for times when it was off; null: nothing that this host can read. */
export async function heldSecrets(shell: HostShell, signal: AbortSignal): Promise<HeldSecrets | null> {
  const argv = ["systemd-creds", "decrypt", "--name=creel-gateway.json", CREDENTIAL, "-"] as const;
  const { exitCode, stdout } = await shell.run([...argv], { signal });
  const text = stdout.trimEnd();
  if (exitCode !== 0 || text === "") return null;
  return { map: secretMapIn(text), digest: createHash("sha256").update(text).digest("hex") };
}

/** null: a random one. */
export function tokenOnly(token: Secret | null): SecretMap {
  return { gatewayToken: token?.reveal() ?? randomBytes(32).toString("base64url") };
}

/** A value that changes gets another name, so that a configuration says which value it means. Says nothing of the value without the token. */
export function nameFor(setting: string, value: Secret, { gatewayToken }: SecretMap): string {
  const fingerprint = createHmac("sha256", gatewayToken).update(value.reveal()).digest("hex");
  return `${setting}.${fingerprint.slice(0, FINGERPRINT_DIGITS)}`;
}

/** What `nameFor` has named; null for the gateway's token. */
export function settingOf(name: string): string | null {
  return name === "gatewayToken" ? null : name.slice(0, -FINGERPRINT_DIGITS - 1);
}

/** RFC 6901. */
export function pointerTo(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Without what the configuration does not refer to. Pure. */
export function onlyUsed(map: SecretMap, configuration: Json): SecretMap {
  const used = new Set([...pointersIn(configuration)]);
  const kept = Object.entries(map).filter(([name]) => name === "gatewayToken" || used.has(pointerTo(name)));
  return secretMap.parse(Object.fromEntries(kept));
}

function* pointersIn(value: Json): Generator<string> {
  if (isGroup(value) && value.provider === "creel" && typeof value.id === "string") yield value.id;
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) yield* pointersIn(inner);
}

/** The two lines that scripts read first. `held` null: the host is expected to have none; "any": whatever it has, if it can read it, stays. */
export function secretsLines(map: SecretMap | null, held: HeldSecrets | null | "any"): string {
  const expected = held === "any" ? "" : (held?.digest ?? "none");
  return `${expected}\n${map === null ? "" : JSON.stringify(map)}\n`;
}
