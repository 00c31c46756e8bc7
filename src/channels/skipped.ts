import { OpsError } from "../core/errors.ts";

/** Leaves out what a service sent and nobody can read. Never throws. */
export type Skip = (what: string, cause?: unknown) => void;

/**
 * Tells the first one, the second, the fourth and so on, with how many there were: a service that changed a payload sends the same thing
 * again and again.
 */
export function createSkip(service: string, onError: (error: OpsError) => void): Skip {
  let count = 0;
  return (what, cause) => {
    count += 1;
    if (!Number.isInteger(Math.log2(count))) return;
    const times = count === 1 ? "" : ` It is number ${count} since Creel was started.`;
    const userMessage = `${service} sent ${what} that cannot be read; it was left out.${times}`;
    onError(new OpsError({ code: "internal", userMessage, cause }));
  };
}
