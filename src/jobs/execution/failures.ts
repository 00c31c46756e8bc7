import { z } from "zod";
import { OpsError } from "../../core/errors.ts";
import { type Failure, failureFrom, type Operation } from "../../core/operation.ts";
import { type Redact, redactLines } from "../../core/redaction.ts";
import type { Aftermath } from "../../operations/definition.ts";

const MAX_EVIDENCE_LINES = 40;
const MAX_LINE_LENGTH = 500;
const MAX_DETAIL_LENGTH = 200;

/** A failure as it may be stored: every text redacted, the evidence cut to its last lines. */
export function storableFailure(error: OpsError, aftermath: Aftermath, redact: Redact): Failure {
  const { code, userMessage, hint, evidence } = failureFrom(error);
  return {
    code,
    userMessage: redact(userMessage),
    hint: hint === null ? null : redact(hint),
    evidence: redactLines([...evidence, ...(aftermath.evidence ?? [])], redact, MAX_LINE_LENGTH).slice(
      -MAX_EVIDENCE_LINES,
    ),
    leftBehind: redactLines(aftermath.leftBehind, redact, MAX_LINE_LENGTH),
    nextCommands: redactLines(aftermath.nextCommands, redact, MAX_LINE_LENGTH),
  };
}

/** The error that a stored failure was made from, as far as it was stored. */
export function errorFrom(failure: Failure): OpsError {
  return new OpsError({ ...failure, cause: undefined });
}

/** One short redacted line. */
export function storableDetail(text: string, redact: Redact): string {
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > MAX_DETAIL_LENGTH ? `${line.slice(0, MAX_DETAIL_LENGTH - 1)}…` : line;
}

export function unfitting(operation: Operation, error: z.ZodError): OpsError {
  return defect(`The record of "${operation.kind}" does not fit its own version: ${z.prettifyError(error)}`, error);
}

export function defect(userMessage: string, cause?: unknown): OpsError {
  return new OpsError({
    code: "internal",
    userMessage,
    hint: "This is a defect in Creel; the log holds the details.",
    cause,
  });
}
