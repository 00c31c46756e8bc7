import { constants, existsSync, lstatSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OpsError } from "./core/errors.ts";
import { shellWord } from "./core/shell-words.ts";

/** Users of the machine whose files Creel obeys: who runs it, root, and whom root was just a moment ago. */
export function trustedUsers(environment: NodeJS.ProcessEnv): ReadonlySet<number> {
  const me = process.getuid?.() ?? 0;
  const before = Number(environment.SUDO_UID);
  return new Set([me, 0, ...(me === 0 && environment.SUDO_UID && Number.isInteger(before) ? [before] : [])]);
}

/**
 * For what Creel obeys, and what it keeps secrets in: nobody else may be able to change it, nor put something else in its place. Looks at the file or
 * folder, at every folder above it, and at where symbolic links lead. Of what is not there yet, at where it would be made.
 * @throws OpsError `config-invalid` that names what is open to whom, and how to close it.
 */
export function requireTrusted(path: string, trusted: ReadonlySet<number>): void {
  const given = resolve(path);
  const real = realPath(given);
  for (const each of new Set([given, ...foldersAbove(given), real, ...foldersAbove(real)])) {
    const found = lstatSync(each, { throwIfNoEntry: false });
    const why = found === undefined ? null : openTo(found, trusted, each !== real);
    if (why !== null) throw untrusted(given, each, why);
  }
}

/** Without symbolic links, as far as it is there. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const above = dirname(path);
  return above === path ? path : join(realPath(above), basename(path));
}

function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...foldersAbove(above)];
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
const { S_IFMT: KIND, S_IFLNK: LINK } = constants;

interface Opening {
  readonly who: string;
  readonly close: string;
}

/** null when only trusted users can change it. */
function openTo({ uid, gid, mode }: Stats, trusted: ReadonlySet<number>, isAbove: boolean): Opening | null {
  if (!trusted.has(uid)) return { who: `belongs to user ${uid}`, close: `chown ${process.getuid?.() ?? 0}` };
  // The modes of a link say nothing. In a sticky folder, such as /tmp, nobody moves what belongs to others.
  if ((mode & KIND) === LINK || (isAbove && (mode & STICKY) !== 0)) return null;
  if ((mode & OTHERS_WRITE) !== 0) return { who: "can be changed by everybody", close: "chmod o-w" };
  // Debian gives each user a group of the same number, and nobody else is in it.
  if ((mode & GROUP_WRITES) === 0 || gid === uid) return null;
  return { who: `can be changed by group ${gid}`, close: "chmod g-w" };
}

function untrusted(path: string, open: string, { who, close }: Opening): OpsError {
  return new OpsError({
    code: "config-invalid",
    userMessage:
      open === path ? `${path} ${who}, so Creel does not trust it.` : `${path} is not trusted, because ${open} ${who}.`,
    hint: `If what it says is yours: ${close} ${shellWord(open)}`,
  });
}
