import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { OpsError } from "./core/errors.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { requireTrusted, trustedUsers } from "./trust.ts";

/** What Creel reads from outside, checked once at the start. */
export interface Config {
  readonly settings: Settings;
  /** Where `settings` came from; null when there is no file and the defaults apply. */
  readonly file: string | null;
  /** Absolute. Everything Creel writes is below it or below `cacheDir`. */
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Operating system user who runs Creel. */
  readonly user: string;
  /** For `env:` secrets only. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where systemd puts what a unit's LoadCredential names; null when Creel is not run that way. */
  readonly credentialsDir: string | null;
  /** What the environment says of the terminal. */
  readonly terminal: {
    readonly color: boolean;
    readonly dumb: boolean;
    readonly unicode: boolean;
    /** What it can do, by its name in terminfo. */
    readonly type: string;
  };
}

/** Where settings are, or would be, for who writes them. */
export function settingsPlace(
  environment = process.env,
): Pick<Config, "environment" | "user"> & { readonly file: string } {
  return {
    file: resolve(findSettings(environment) ?? "creel.yaml"),
    environment: { ...environment },
    user: userInfo().username,
  };
}

/** null when there is no file. The one that `CREEL_CONFIG` names need not be there. */
function findSettings(environment: NodeJS.ProcessEnv): string | null {
  const folder = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), ".config");
  const places = ["creel.yaml", join(folder, "creel", "creel.yaml")];
  return environment.CREEL_CONFIG || (places.find((path) => existsSync(path)) ?? null);
}

/**
 * @throws OpsError `config-invalid` with one line per problem, each with the path of the setting; or when somebody else can change the file
 * or one of the folders.
 */
export function loadConfig(environment = process.env): Config {
  const home = environment.HOME || homedir();
  const folder = (own: string, xdg: string, fallback: string): string =>
    // Set but empty means not set, as the XDG specification has it.
    resolve(environment[own] || join(environment[xdg] || join(home, fallback), "creel"));
  const file = findSettings(environment);
  const stateDir = folder("CREEL_STATE_DIR", "XDG_STATE_HOME", ".local/state");
  const cacheDir = folder("CREEL_CACHE_DIR", "XDG_CACHE_HOME", ".cache");
  // Whoever can change these decides what Creel does, with all the rights it has.
  const trusted = trustedUsers(environment);
  for (const path of [file, stateDir, cacheDir]) if (path !== null) requireTrusted(path, trusted);
  return {
    settings: settingsIn(file),
    file: file === null ? null : resolve(file),
    stateDir,
    cacheDir,
    user: userInfo().username,
    environment: { ...environment },
    credentialsDir: environment.CREDENTIALS_DIRECTORY || null,
    terminal: {
      color: !environment.NO_COLOR,
      dumb: environment.TERM === "dumb",
      type: environment.TERM || "xterm",
      // POSIX order of precedence. Nothing set means a bare container, whose terminals nearly all show UTF-8.
      unicode: /^$|utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ""),
    },
  };
}

/** null: the defaults. */
function settingsIn(file: string | null): Settings {
  return parseSettings(file === null ? "" : readSettingFile("CREEL_CONFIG", file), file ?? "creel.yaml");
}

/** As `creel.yaml` says it now, also one that was written since Creel started. @throws as `loadConfig`; having been there, the file has to be there. */
export function readSettingsAnew({
  file,
  environment,
}: Pick<Config, "file" | "environment">): Pick<Config, "settings" | "file"> {
  const found = file ?? findSettings(environment);
  if (found !== null) requireTrusted(found, trustedUsers(environment));
  return { settings: settingsIn(found), file: found === null ? null : resolve(found) };
}

/** What programs need to find their way about. npm is configured by environment where there is a mirror or a proxy. */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TZ|TMPDIR|XDG_\w+|(?:https?|no|all)_proxy|npm_config_\w+)$/i;

const PATH_WHERE_THERE_IS_NONE = "/usr/local/bin:/usr/bin:/bin";
/** Of mke2fs, nft and chroot: Debian gives them to root's login only. */
const ADMINISTRATION = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** What programs that Creel starts may inherit: what they need to find their way about, programs of administrators among it, and no secret. */
export function inheritedEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = (environment.PATH || PATH_WHERE_THERE_IS_NONE).split(":");
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => INHERITED.test(name))),
    PATH: [...new Set([...folders, ...ADMINISTRATION])].join(":"),
  };
}

/** Makes this process's environment what the programs it starts may inherit. */
export function withholdEnvironment(): void {
  const inherited = inheritedEnvironment(process.env);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, inherited);
}

/** The text of a file that a setting names. @throws OpsError `config-invalid`. */
export function readSettingFile(setting: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${setting} names ${file}, which cannot be read.`,
      hint: "Name a file that can, or leave it out.",
      cause,
    });
  }
}
