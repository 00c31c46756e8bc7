import { OpsError } from "../core/errors.ts";
import { type Failure, failureFrom } from "../core/operation.ts";
import type { Aftermath } from "../operations/definition.ts";

const MAX_EVIDENCE_LINES = 40;
const MAX_LINE_LENGTH = 500;
const MAX_DETAIL_LENGTH = 200;

export type Redact = (text: string) => string;

/** A failure as it may be stored: every text redacted, the evidence cut to its last lines. */
export function storableFailure(error: OpsError, aftermath: Aftermath, redact: Redact): Failure {
  const { code, userMessage, hint, evidence } = failureFrom(error);
  return {
    code,
    userMessage: redact(userMessage),
    hint: hint === null ? null : redact(hint),
    evidence: redactLines([...evidence, ...(aftermath.evidence ?? [])], redact).slice(-MAX_EVIDENCE_LINES),
    leftBehind: redactLines(aftermath.leftBehind, redact),
    nextCommands: redactLines(aftermath.nextCommands, redact),
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

// Joined before redaction: a private key spreads over several lines.
function redactLines(lines: readonly string[], redact: Redact): string[] {
  if (lines.length === 0) return [];
  return redact(lines.join("\n"))
    .split("\n")
    .map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH - 1)}…` : line));
}
