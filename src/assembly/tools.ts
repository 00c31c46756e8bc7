import { join } from "node:path";
import { envSecrets } from "../../services/secrets/env.ts";
import { secretResolver } from "../../services/secrets/resolver.ts";
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
  readonly log: Log;
  readonly notices: Notices;
}

export function createTools(config: Config): Tools {
  const redactor = createRedactor();
  const { redact } = redactor;
  const learn = (secret: Secret) => redactor.learn(secret.reveal());
  return {
    redact,
    learn,
    resolve: secretResolver([envSecrets(config.environment)], learn),
    log: fileLog(join(config.stateDir, "creel.log"), redact),
    notices: createNotices((message) => show(message, process.stderr)),
  };
}
