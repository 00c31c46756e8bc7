import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import type { Posted, Responder } from "../channel.ts";
import { renderRefusal } from "../render/refusal.ts";
import type { Clock } from "./clock.ts";
import type { Presses } from "./presses.ts";
import { backoffMs } from "./retry.ts";

/** After this long without an answer a person should see that one is on its way. Discord allows 3 s for a first word. */
const PATIENCE_MS = 1_000;
/** An answer that comes later answers nothing any more. */
const GIVE_UP_MS = 2 * 60_000;

interface Parts {
  readonly presses: Presses;
  readonly clock: Clock;
  readonly onError: (error: OpsError) => void;
  /** Of a press: as in `PressEvent`. */
  readonly isOrdinary?: boolean;
}

/** Says one thing to the person who typed or pressed. */
export interface Answering {
  /** See `Responder.disarm`. Never throws, and tries once before the answer: that counts more. An ordinary message is tried again meanwhile. */
  disarm(): Promise<void>;
  answer(message: Message): Promise<Posted | null>;
  accept(message: Message): Promise<void>;
  replace(message: Message): Promise<void>;
}

/**
 * Runs `handle` and shows what goes wrong in it as a refusal. When it takes long, the person is told to wait. Never throws. Only a chat
 * that does not take the answer is tried again, for two minutes; nothing of what `handle` does is repeated.
 */
export async function answering(
  parts: Parts,
  responder: Responder,
  handle: (to: Answering) => Promise<void>,
): Promise<void> {
  const { presses, clock, onError, isOrdinary = false } = parts;
  const begun = new AbortController();
  const waiting = showWaiting(responder, clock, begun.signal).catch((error: unknown) => onError(asOpsError(error)));
  let isSpeaking = false;
  const say = async <T>(how: (message: Awaited<ReturnType<Presses["dress"]>>) => Promise<T>, message: Message) => {
    const dressed = await presses.dress(message);
    begun.abort();
    await waiting;
    isSpeaking = true;
    return inTime(clock, () => how(dressed));
  };
  const to: Answering = {
    async disarm() {
      try {
        await responder.disarm();
      } catch (error) {
        const known = asOpsError(error);
        if (!isOrdinary || known.retry !== "later") return onError(known);
        void inTime(clock, () => responder.disarm()).catch((second: unknown) => onError(asOpsError(second)));
      }
    },
    answer: (message) => say((dressed) => responder.answer(dressed), message),
    accept: (message) => say((dressed) => responder.accept(dressed), message),
    replace: (message) => say((dressed) => responder.replace(dressed), message),
  };
  try {
    await handle(to);
  } catch (error) {
    const known = asOpsError(error);
    if (known.code === "internal" || isSpeaking) onError(known);
    // What failed to be said is no refusal: it may even be that something was done.
    if (isSpeaking) return;
    await to.answer(renderRefusal(known)).catch((second: unknown) => onError(asOpsError(second)));
  } finally {
    begun.abort();
  }
}

async function showWaiting(responder: Responder, clock: Clock, begun: AbortSignal): Promise<void> {
  await clock.sleep(PATIENCE_MS, begun);
  if (!begun.aborted) await responder.wait();
}

/** A chat that is away or asks to wait is tried again, as long as somebody may still wait for the answer. */
async function inTime<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  const untilMs = clock.elapsed() + GIVE_UP_MS;
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      const known = asOpsError(error);
      const pauseMs = backoffMs(failures, known);
      if (known.retry !== "later" || clock.elapsed() + pauseMs > untilMs) throw known;
      await clock.sleep(pauseMs, new AbortController().signal);
    }
  }
}
