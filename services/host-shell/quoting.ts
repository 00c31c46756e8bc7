import { OpsError } from "../../src/core/errors.ts";

const PLAIN = /^[A-Za-z0-9_/.:@%+,-]+$/;

/**
 * The one place where a command line is made. SSH hands a single string to the login shell of the host; this makes one in which
 * no character of an argument means anything, in any POSIX shell. The first line of its standard error is the process id.
 */
export function commandLine(argv: readonly [string, ...string[]]): string {
  return `echo $$ >&2; exec ${argv.map(quote).join(" ")}`;
}

/** Ends a program that was started by `commandLine`, with everything it started: SSH servers give each one a process group. */
export function killLine(processId: number): string {
  return `kill -TERM -${processId}`;
}

function quote(argument: string): string {
  if (argument.includes("\0")) {
    throw new OpsError({
      code: "input-invalid",
      userMessage: "An argument for a program cannot hold a NUL character.",
    });
  }
  return PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
