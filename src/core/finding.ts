import { asOpsError } from "./errors.ts";

/** One thing `creel doctor` looked at. */
export interface Finding {
  /** Such as "redis-server" or "gateway.token". */
  readonly subject: string;
  /** warning: works, but a person should know. */
  readonly verdict: "ok" | "warning" | "problem";
  /** What was seen, one sentence. */
  readonly seen: string;
  /** What to do about it, a sentence or a command; null when there is nothing to do. */
  readonly fix: string | null;
}

/** Looks at one thing for real. `look` returns findings, or a sentence when all is well; it throws what the thing itself would throw when it is needed. */
export interface Check {
  readonly subject: string;
  look(): Promise<readonly Finding[] | string>;
}

export function ok(subject: string, seen: string): Finding {
  return { subject, verdict: "ok", seen, fix: null };
}

export function warning(subject: string, seen: string, fix: string): Finding {
  return { subject, verdict: "warning", seen, fix };
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
