import type { Submission } from "../src/core/desk.ts";
import { formatLine } from "./parse.ts";

/** What opening a chat sends, and what stands for words that are no command. No command of Creel's. */
const GREETING = "start";

/** Empty words for a chat that was opened. `parseLine` reads it back. */
export function greetingLine(words: string): string {
  return formatLine({ command: GREETING, options: words === "" ? {} : { words }, confirmation: null });
}

export function isGreeting({ command }: Submission): boolean {
  return command === GREETING;
}
