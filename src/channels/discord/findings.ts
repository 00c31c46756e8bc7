import { asOpsError } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";

export function ok(subject: string, seen: string): Finding {
  return { subject, verdict: "ok", seen, fix: null };
}

export function problem(subject: string, error: unknown): Finding {
  const { userMessage, hint } = asOpsError(error);
  return { subject, verdict: "problem", seen: userMessage, fix: hint };
}

/** What `see` finds; what it throws is a problem. */
export async function look(subject: string, see: () => Promise<Finding>): Promise<Finding> {
  try {
    return await see();
  } catch (error) {
    return problem(subject, error);
  }
}
