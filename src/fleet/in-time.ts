import { OpsError, unlessStopped } from "../core/errors.ts";

/** What answers this slowly must not hold up the others; a host that does not answer at all is given up much sooner. */
const LOOK_MS = 20_000;

/** What `work` comes to. `what` says who is asked, such as `Host ada-x4f2k1`. @throws OpsError `timed-out` when that takes too long; `work` is told by its signal. */
export async function inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooSlow(what)), LOOK_MS).unref();
  try {
    return await unlessStopped(work(late.signal), late.signal);
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(what: string): OpsError {
  const userMessage = `${what} did not answer within ${LOOK_MS / 1000} s.`;
  return new OpsError({ code: "timed-out", userMessage, retry: "later" });
}
