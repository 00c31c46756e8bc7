import { existsSync } from "node:fs";
import { join } from "node:path";
import { envSecrets } from "../../services/secrets/env.ts";
import { fileSecrets } from "../../services/secrets/file.ts";
import { noTokenThere } from "../../services/secrets/one-password/failures.ts";
import { onePasswordSecrets } from "../../services/secrets/one-password/one-password.ts";
import { sdkClient } from "../../services/secrets/one-password/sdk-client.ts";
import { secretResolver } from "../../services/secrets/resolver.ts";
import { createVault, type Vault } from "../../services/secrets/vault.ts";
import type { VaultPlace } from "../../services/secrets/vault-file.ts";
import { createNotices, type Notices } from "../channels/console/notices.ts";
import type { Config } from "../config.ts";
import { createRedactor } from "../core/redaction.ts";
import { isSecretRef, type Secret, type SecretRef, secretsIn } from "../core/secrets.ts";
import { fileLog, type Log } from "../log.ts";
import { show } from "./show.ts";

/** What needs no store and no network. */
export interface Tools {
  readonly redact: (text: string) => string;
  /** Hidden wherever text is redacted, from now on. */
  readonly learn: (secret: Secret) => void;
  readonly resolve: (ref: SecretRef) => Promise<Secret>;
  readonly vault: Vault;
  readonly log: Log;
  readonly notices: Notices;
}

export function createTools(config: Config): Tools {
  const redactor = createRedactor();
  const { redact } = redactor;
  const learn = (secret: Secret) => redactor.learn(secret.reveal());
  const log = fileLog(join(config.stateDir, "creel.log"), redact);
  const vault = createVault(vaultPlace(config));
  const here = [vault, envSecrets(config.environment), fileSecrets()];
  const onePassword = onePasswordSecrets({
    client: sdkClient({ token: () => serviceAccountToken(config, secretResolver(here, learn)) }),
    onTrouble: (why) => log.error(why),
    expected: () => secretsIn(config.settings).map(({ ref }) => ref),
  });
  return {
    redact,
    learn,
    vault,
    resolve: secretResolver([...here, onePassword], learn),
    log,
    notices: createNotices((message) => show(message, process.stderr)),
  };
}

/** What systemd calls what it hands to Creel. */
const CREDENTIALS = { vaultKey: "creel-vault-key", serviceAccount: "creel-1password-token" } as const;

function vaultPlace(config: Config): VaultPlace {
  const credential = givenBySystemd(config, CREDENTIALS.vaultKey);
  const keyFile = credential ?? join(config.stateDir, "vault.key");
  return { file: join(config.stateDir, "vault.age"), keyFile, given: credential !== null };
}

/** Of 1Password: what creel.yaml says, else systemd, else the variable that 1Password's own programs read. @throws OpsError `secret-unavailable`. */
async function serviceAccountToken(config: Config, resolve: Tools["resolve"]): Promise<Secret> {
  const credential = givenBySystemd(config, CREDENTIALS.serviceAccount);
  const variable = config.environment.OP_SERVICE_ACCOUNT_TOKEN ? "env:OP_SERVICE_ACCOUNT_TOKEN" : null;
  const ref = config.settings.onePassword?.token ?? (credential === null ? variable : `file:${credential}`);
  if (ref === null || !isSecretRef(ref)) throw noTokenThere();
  return await resolve(ref);
}

/** The path of a credential; null when there is none. */
function givenBySystemd({ credentialsDir }: Config, name: string): string | null {
  const path = credentialsDir === null ? null : join(credentialsDir, name);
  return path !== null && existsSync(path) ? path : null;
}
