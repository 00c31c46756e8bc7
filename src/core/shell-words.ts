const PLAIN = /^[A-Za-z0-9_/.:@%+,=-]+$/;

/** `argument` as one word of a POSIX shell's command line, in which no character means anything. It cannot hold NUL: no program's argument can. */
export function shellWord(argument: string): string {
  return PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
