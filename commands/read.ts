import type { Submission } from "../src/core/desk.ts";
import { asOpsError, type OpsError } from "../src/core/errors.ts";
import type { Command, CommandOption, CommandRequest } from "./command.ts";
import { findCommand, validateOptions } from "./validate.ts";

/** What somebody asks for, as far as the command alone can tell. */
export type Reading =
  | {
      readonly type: "complete";
      readonly command: Command;
      readonly request: CommandRequest;
    }
  | {
      readonly type: "incomplete";
      readonly command: Command;
      /** See `missingOption`. */
      readonly missing: CommandOption;
      /** What to say unless there is something better: `input-invalid` for this option or another one. */
      readonly refusal: OpsError;
    };

/** A submission that `understand` has made plain, read in one go. Pure. @throws OpsError `input-invalid`. */
export function readCommand(submission: Submission, commands: readonly Command[]): Reading {
  const command = findCommand(submission.command, commands);
  const missing = missingOption(submission, commands);
  try {
    const request = command.request(validateOptions(command, submission.options));
    return { type: "complete", command, request };
  } catch (error) {
    if (missing === null) throw error;
    return { type: "incomplete", command, missing, refusal: asOpsError(error) };
  }
}

/** The first option that is required and not there; null when nothing is missing, or there is no such command. */
export function missingOption(
  { command: wanted, options }: Submission,
  commands: readonly Command[],
): CommandOption | null {
  const command = commands.find(({ name }) => name === wanted);
  return command?.options.find(({ name, required }) => required && !Object.hasOwn(options, name)) ?? null;
}
