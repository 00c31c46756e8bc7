import { asOpsError } from "../core/errors.ts";
import { quoteForMessage } from "../core/names.ts";
import { Secret } from "../core/secrets.ts";
import type { Dialog } from "./dialog.ts";
import * as texts from "./texts.ts";
import { isVariable } from "./variable.ts";

export interface TokenTrial<Bot> {
  /** Asks the chat service whose token it is. @throws OpsError. */
  readonly describe: (token: Secret) => Promise<Bot>;
  readonly nameOf: (bot: Bot) => string;
  /** null when the variable is not set. */
  readonly lookUp: (variable: string) => string | null;
}

/** Asks for the variable, and tries what is in it, if there is something. `bot` null: not tried, or it did not work. */
export async function tryToken<Bot>(
  dialog: Dialog,
  usual: string,
  { describe, nameOf, lookUp }: TokenTrial<Bot>,
): Promise<{ readonly variable: string; readonly bot: Bot | null }> {
  let fallback = usual;
  while (true) {
    const variable = await dialog.ask({
      text: texts.VARIABLE,
      fallback,
      read: (answer) => (isVariable(answer) ? { value: answer } : { complaint: texts.NOT_A_VARIABLE }),
    });
    fallback = variable;
    const token = lookUp(variable);
    if (token === null) {
      dialog.say(texts.NOT_SET(variable));
      return { variable, bot: null };
    }
    dialog.say(texts.TRYING);
    const found = await dialog.during(attempt(() => describe(new Secret(token))));
    if ("bot" in found) {
      dialog.say(texts.WORKS(quoteForMessage(nameOf(found.bot))));
      return { variable, bot: found.bot };
    }
    dialog.say(texts.FAILED(found.reason.replaceAll(token, "[redacted]")));
    if (!(await dialog.confirm(texts.AGAIN, false))) return { variable, bot: null };
  }
}

async function attempt<Bot>(
  describe: () => Promise<Bot>,
): Promise<{ readonly bot: Bot } | { readonly reason: string }> {
  try {
    return { bot: await describe() };
  } catch (error) {
    const { userMessage, hint } = asOpsError(error);
    return { reason: [userMessage, hint].filter((part) => part !== null).join(" ") };
  }
}
