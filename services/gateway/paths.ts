/** Where things are on a host. The unit files in `quadlet/` and `install.sh` say the same. */
export const UNIT = "openclaw-gateway.service";
export const CONTAINER = "openclaw-gateway";
export const SECRETS_FILE = "/run/creel-secrets/gateway.json";
export const TOKEN_POINTER = "/gatewayToken";
/** What the agent has become: configuration, database, workspace. */
export const DATA_FOLDER = "/var/lib/openclaw";
/** Root's own, where the agent cannot look: the configuration that Creel gave last. */
export const GIVEN_CONFIG = "/var/lib/creel/gateway/openclaw.json";
/** What Creel knows of the agent's settings. */
export const KEPT_FILE = "/var/lib/creel/agent.json";
export const CREDENTIAL = "/etc/credstore.encrypted/creel-gateway.json";
