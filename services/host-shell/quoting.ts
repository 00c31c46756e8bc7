import { OpsError } from "../../src/core/errors.ts";
import { shellWord } from "../../src/core/shell-words.ts";

/**
 * The one place where a command line is made. SSH hands a single string to the login shell of the host; this makes one in which
 * no character of an argument means anything, in any POSIX shell. The first line of its standard error is the process id.
 */
export function commandLine(argv: readonly string[]): string {
  refuseNul(argv);
  return `echo $$ >&2; exec ${argv.map(shellWord).join(" ")}`;
}

/** What is typed for a person's session, where it reads as it stands. As in `commandLine`, the process id comes first, but for a terminal. */
export function sessionLine(line: string | null, asRoot: readonly string[], hasTerminal: boolean): string {
  const typed = line ?? 'exec "$SHELL" -l';
  refuseNul([typed]);
  const wanted = asRoot.length === 0 ? typed : `exec ${[...asRoot, "sh", "-c", typed].map(shellWord).join(" ")}`;
  return hasTerminal ? wanted : `echo $$ >&2; ${wanted}`;
}

/**
 * Ends a program that was started by `commandLine`, with everything it started: SSH servers give each one a process group. `asRoot` goes before it,
 * as it went before the program. It is always the shell's own `kill`: the program of that name does not take every group.
 */
export function killLine(processId: number, asRoot: readonly string[]): string {
  return [...asRoot, "sh", "-c", `kill -TERM -${processId}`].map(shellWord).join(" ");
}

/** @throws OpsError `input-invalid`: no program could be given it. */
export function refuseNul(argv: readonly string[]): void {
  if (!argv.some((argument) => argument.includes("\0"))) return;
  throw new OpsError({
    code: "input-invalid",
    userMessage: "An argument for a program cannot hold a NUL character.",
  });
}
