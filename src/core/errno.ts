import { OpsError } from "./errors.ts";

/** What Linux refuses by a number that Node knows no name for. */
const UNNAMED: Readonly<Record<string, string>> = { "-116": "ESTALE", "-117": "EUCLEAN", "-122": "EDQUOT" };

/** Such as `ENOENT`; null for what the operating system has not refused. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, errno } = error as NodeJS.ErrnoException;
  return UNNAMED[String(errno)] ?? (typeof code === "string" ? code : null);
}

/** `code`: such as `ENOENT`. */
export function isErrno(error: unknown, code: string): boolean {
  return errnoOf(error) === code;
}

/** What is full, as half a sentence; null when the error is about something else. */
export function fullness(error: unknown): string | null {
  if (isErrno(error, "ENOSPC")) return "its disk is full";
  return isErrno(error, "EDQUOT") ? "the quota there is used up" : null;
}

/** A full disk is something a person can do something about: `capacity`. null when the error is about something else. */
export function outOfSpace(path: string, cause: unknown): OpsError | null {
  const full = fullness(cause);
  if (full === null) return null;
  return new OpsError({
    code: "capacity",
    userMessage: `There is no room for ${path}: ${full}.`,
    hint: "Make room there, then try again.",
    cause,
  });
}
