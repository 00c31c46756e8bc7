import { ZodError } from "zod";
import { mergeLayers } from "../../agent-settings/merge.ts";
import type { AgentSettings, SettingsLayer } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import type { AgentName } from "../../core/names.ts";
import { createRedactor, type Redact } from "../../core/redaction.ts";
import { type Secret, type SecretRef, secretsIn } from "../../core/secrets.ts";
import type { SettingsPorts } from "./ports.ts";

/** What holds for the agent when this is chosen by command: what was chosen wins over creel.yaml. @throws OpsError `config-invalid`. */
export async function settingsOf(
  { layersFor }: Pick<SettingsPorts, "layersFor">,
  agent: AgentName,
  chosen: SettingsLayer,
): Promise<AgentSettings> {
  const layers = await layersFor(agent);
  try {
    return mergeLayers([...layers, chosen]);
  } catch (error) {
    if (error instanceof ZodError) throw unfitting(agent, error);
    throw error;
  }
}

/**
 * The value of every secret that the settings refer to, read now.
 * @throws OpsError `secret-unavailable` that names the setting of the first one that is missing.
 */
export async function secretsOf(
  { resolveSecret }: Pick<SettingsPorts, "resolveSecret">,
  settings: AgentSettings,
): Promise<ReadonlyMap<SecretRef, Secret>> {
  const referred = secretsIn(settings);
  // At once, as a source may read all of them in one request.
  const read = await Promise.allSettled(referred.map(({ ref }) => resolveSecret(ref)));
  const secrets = new Map<SecretRef, Secret>();
  for (const [index, { setting, ref }] of referred.entries()) {
    const one = read[index];
    if (one?.status === "fulfilled") secrets.set(ref, one.value);
    else throw one?.reason instanceof OpsError ? missing(setting, one.reason) : one?.reason;
  }
  return secrets;
}

/** For what the agent writes: it knows its own secrets. @throws as `secretsOf`. */
export async function redactorFor(
  ports: Pick<SettingsPorts, "resolveSecret">,
  settings: AgentSettings,
): Promise<Redact> {
  const redactor = createRedactor();
  for (const secret of (await secretsOf(ports, settings)).values()) redactor.learn(secret.reveal());
  return redactor.redact;
}

function missing(setting: string, error: OpsError): OpsError {
  const { code, userMessage, hint, retry, evidence } = error;
  return new OpsError({ ...{ code, hint, retry, evidence }, userMessage: `${setting}: ${userMessage}`, cause: error });
}

function unfitting(agent: AgentName, { issues }: ZodError): OpsError {
  const complaints = issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return new OpsError({
    code: "config-invalid",
    userMessage: `The settings of ${agent} do not fit together: ${complaints.join("; ")}.`,
    hint: "They come from agents in creel.yaml, and from what was chosen with /model and /connect.",
  });
}
