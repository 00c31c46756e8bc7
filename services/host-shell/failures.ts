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

/** Retried: the SSH server of a booting host may be up before it knows whom to let in. */
export function loginRefused(where: string, cause: unknown): OpsError {
  return new OpsError({
    code: "host-unreachable",
    retry: "later",
    userMessage: `The host at ${where} does not let Creel in.`,
    hint: "It may still be booting; or Creel's SSH key in the state folder is not the one the host was made with.",
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

export function commandFailed(argv: readonly string[], result: RunResult): OpsError {
  const lines = result.stderr.trimEnd().split("\n");
  return new OpsError({
    code: "host-command-failed",
    userMessage: `${programName(argv)} ended with exit status ${result.exitCode} on the host.`,
    // Killed by a signal, as when the host goes down: that is no answer.
    retry: result.exitCode > 128 ? "later" : "never",
    evidence: lines.slice(-EVIDENCE_LINES).filter((line) => line !== ""),
  });
}

export function timedOut(argv: readonly string[], timeoutMs: number): OpsError {
  return new OpsError({
    code: "timed-out",
    userMessage: `${programName(argv)} did not end within ${timeoutMs / 1000} s on the host.`,
  });
}

/** The program's name only: arguments may be long, and what is long tends to be a script. */
function programName(argv: readonly string[]): string {
  return (argv[0] === "sh" && argv[1] === "-c" ? argv[3] : argv[0]) ?? "sh";
}
