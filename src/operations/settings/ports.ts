import type { BotServices } from "../../../services/bot-service/bot-service.ts";
import type { ModelApis } from "../../../services/model-api/model-api.ts";
import type { AgentChannel, SettingsLayer } from "../../core/agent-settings.ts";
import type { AgentName } from "../../core/names.ts";
import type { Secret, SecretRef } from "../../core/secrets.ts";

/** What it takes to know how an agent is meant to be set up, and to prove it. */
export interface SettingsPorts {
  /** What creel.yaml says for the agent, the last winning: for all agents, and for this one. Read anew every time. @throws OpsError `config-invalid`. */
  readonly layersFor: (agent: AgentName) => Promise<readonly SettingsLayer[]>;
  /** @throws OpsError `secret-unavailable`. */
  readonly resolveSecret: (ref: SecretRef) => Promise<Secret>;
  /**
   * Puts a secret into Creel's own vault, as `name`, or as `name-2` and so on where another value has that name. Idempotent: a value that is there
   * under such a name keeps it. @throws OpsError `secret-unavailable`, `input-invalid` for a value that cannot be kept.
   */
  readonly keepSecret: (name: string, value: Secret) => Promise<SecretRef>;
  /** Of the bot through which people write to Creel itself; null when it has none there. @throws OpsError `secret-unavailable`. */
  readonly creelsToken: (channel: AgentChannel) => Promise<Secret | null>;
  readonly modelApis: ModelApis;
  readonly botServices: BotServices;
}
