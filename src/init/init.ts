import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { Secret } from "../core/secrets.ts";
import { DISCORD_API, parseSettings, TELEGRAM_API } from "../settings.ts";
import { modelKey } from "./answers.ts";
import { createDialog, type Dialog, Stopped } from "./dialog.ts";
import { readPrevious } from "./previous.ts";
import { askEverything } from "./questions.ts";
import { settingsFile } from "./settings-file.ts";
import * as texts from "./texts.ts";
import { writeSettings } from "./write-file.ts";

export interface InitParts {
  readonly input: Readable;
  readonly output: Writable & { readonly columns?: number };
  /** A person types at a terminal; else lines are piped in. */
  readonly interactive: boolean;
  /** Where `creel.yaml` goes. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whose token it is, asked at `api`. @throws OpsError. */
  readonly describeDiscord: (
    token: Secret,
    api: string,
  ) => Promise<{ readonly applicationId: string; readonly name: string }>;
  /** As `describeDiscord`; `username` without "@". */
  readonly describeTelegram: (
    token: Secret,
    apiRoot: string,
  ) => Promise<{ readonly id: string; readonly username: string }>;
  readonly inviteLink: (applicationId: string) => string;
  /** The default owner in the terminal. */
  readonly user: string;
  /** The default time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Leaves everything as it was. */
  readonly signal: AbortSignal;
}

/**
 * Asks for what `creel.yaml` needs, shows it and writes it. Before the last yes nothing is changed. Piped lines are answers in the order of the
 * questions; an empty one, or none, takes the default.
 * Resolves to the exit status: 0 when it is written, 1 when not, 130 after Ctrl-C. @throws OpsError when the file cannot be written.
 */
export async function runInit(parts: InitParts): Promise<number> {
  const dialog = createDialog(parts);
  try {
    return (await converse(dialog, parts)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    dialog.say(error.message);
    return error.exitCode;
  } finally {
    dialog.close();
  }
}

async function converse(dialog: Dialog, parts: InitParts): Promise<boolean> {
  const { file, environment } = parts;
  const lookUp = (variable: string) => environment[variable] || null;
  dialog.say(texts.WELCOME);
  const replace = existsSync(file);
  if (replace) dialog.say(texts.THERE_IS_ONE(file));
  if (replace && !(await dialog.confirm(texts.REPLACE_IT, false))) return notWritten(dialog);
  const previous = replace ? readPrevious(file) : null;
  if (replace) dialog.say(previous === null ? texts.UNREADABLE : texts.SUGGESTED);
  const old = previous?.answers ?? null;
  const api = old?.discord?.api ?? DISCORD_API;
  const apiRoot = old?.telegram?.apiRoot ?? TELEGRAM_API;
  const answers = await askEverything(dialog, {
    user: parts.user,
    timeZone: parts.timeZone,
    previous: old,
    inviteLink: parts.inviteLink,
    discord: { describe: (token) => parts.describeDiscord(token, api), nameOf: ({ name }) => name, lookUp },
    telegram: {
      describe: (token) => parts.describeTelegram(token, apiRoot),
      nameOf: ({ username }) => `@${username}`,
      lookUp,
    },
  });
  const text = settingsFile(answers);
  // What is written here must be readable when Creel starts.
  parseSettings(text, file);
  dialog.say(texts.THE_FILE(file));
  dialog.show(text);
  if (!(await dialog.confirm(texts.WRITE_IT, true))) return notWritten(dialog);
  const backup = writeSettings(file, text, { replace, nowMs: parts.now() });
  dialog.say(texts.WRITTEN(file));
  if (backup !== null) dialog.say(texts.KEPT(backup));
  if (backup !== null && previous !== null && previous.notAsked.length > 0) {
    dialog.say(texts.NOT_TAKEN_OVER(previous.notAsked.join(", ")));
  }
  const key = modelKey(answers.agents);
  const ofModel = key?.startsWith("env:") ? key.slice("env:".length) : undefined;
  const variables = [answers.discord?.variable, answers.telegram?.variable, ofModel];
  const unset = variables.filter((name) => name !== undefined).filter((name) => lookUp(name) === null);
  dialog.say(texts.nextSteps([...new Set(unset)], key));
  return true;
}

function notWritten(dialog: Dialog): false {
  dialog.say(texts.NOTHING_WRITTEN);
  return false;
}
