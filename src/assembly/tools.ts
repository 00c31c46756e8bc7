import { existsSync } from "node:fs";
import { join } from "node:path";
import { envSecrets } from "../../services/secrets/env.ts";
import { fileSecrets } from "../../services/secrets/file.ts";
import { secretResolver } from "../../services/secrets/resolver.ts";
import { createVault, type Vault } from "../../services/secrets/vault.ts";
import type { VaultPlace } from "../../services/secrets/vault-file.ts";
import { createNotices, type Notices } from "../channels/console/notices.ts";
import type { Config } from "../config.ts";
import { createRedactor } from "../core/redaction.ts";
import type { Secret, SecretRef } from "../core/secrets.ts";
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
  const vault = createVault(vaultPlace(config));
  return {
    redact,
    learn,
    vault,
    resolve: secretResolver([vault, envSecrets(config.environment), fileSecrets()], learn),
    log: fileLog(join(config.stateDir, "creel.log"), redact),
    notices: createNotices((message) => show(message, process.stderr)),
  };
}

/** What systemd calls the credential with the vault's key. */
const KEY_CREDENTIAL = "creel-vault-key";

function vaultPlace({ stateDir, credentialsDir }: Config): VaultPlace {
  const credential = credentialsDir === null ? null : join(credentialsDir, KEY_CREDENTIAL);
  const given = credential !== null && existsSync(credential);
  return { file: join(stateDir, "vault.age"), keyFile: given ? credential : join(stateDir, "vault.key"), given };
}
