import { asOpsError } from "../core/errors.ts";
import type { Check, Finding } from "../core/finding.ts";

/** A check that hangs must not hide the others. */
const CHECK_MS = 60_000;

/** Runs all checks at once; findings come in the order of the checks. Never throws: an error is a finding. */
export async function diagnose(checks: readonly Check[]): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => lookAt(check)))).flat();
}

async function lookAt({ subject, look }: Check): Promise<readonly Finding[]> {
  const limit = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(() => {
    limit.resolve([
      {
        subject,
        verdict: "problem",
        seen: `It did not answer within ${CHECK_MS / 1000} s.`,
        fix: "Look at what it waits for.",
      },
    ]);
  }, CHECK_MS);
  try {
    const found = await Promise.race([look(), limit.promise]);
    return typeof found === "string" ? [{ subject, verdict: "ok", seen: found, fix: null }] : found;
  } catch (error) {
    const { userMessage, hint } = asOpsError(error);
    return [{ subject, verdict: "problem", seen: userMessage, fix: hint }];
  } finally {
    clearTimeout(timer);
  }
}
