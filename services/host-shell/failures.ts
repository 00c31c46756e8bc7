import { OpsError } from "../../src/core/errors.ts";
import type { RunResult } from "./host-shell.ts";

const EVIDENCE_LINES = 20;

export function hostUnreachable(where: string, cause: unknown): OpsError {
  return new OpsError({
    code: "host-unreachable",
    retry: "later",
    userMessage: `Nothing answers at ${where}.`,
    hint: "The host may still be booting, or it is switched off.",
    cause,
  });
}

export function keyMismatch(where: string, found: string): OpsError {
  return new OpsError({
    code: "host-key-mismatch",
    userMessage: `The machine at ${where} showed another SSH host key (SHA-256 ${found}) than the host has.`,
    hint: "Something else may be answering at this address. Nothing was sent to it.",
  });
}

/** Names the program only: arguments may be long, and what is long tends to be a script. */
export function commandFailed(argv: readonly string[], result: RunResult): OpsError {
  const name = argv[0] === "sh" && argv[1] === "-c" ? (argv[3] ?? "sh") : argv[0];
  const lines = result.stderr.trimEnd().split("\n");
  return new OpsError({
    code: "host-command-failed",
    userMessage: `${name} ended with exit status ${result.exitCode} on the host.`,
    evidence: lines.slice(-EVIDENCE_LINES).filter((line) => line !== ""),
  });
}
