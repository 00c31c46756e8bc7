import { z } from "zod";
import { createAges } from "../../core/ages.ts";
import type { ChannelMemory, ChatName } from "../../core/chat.ts";
import type { Reply } from "../../core/desk.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import { QUESTION_MS } from "../../core/ticket.ts";
import type { Posted } from "../channel.ts";
import { renderUnanswered } from "../render/chat.ts";
import { cannotSay } from "./cannot-say.ts";
import type { Clock } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { messageKey, postedSchema } from "./places.ts";
import { persistently } from "./retry.ts";

const schema = z.array(
  z.object({
    posted: postedSchema,
    question: z.string(),
    untilMs: z.number(),
    /** Somebody's answer was being dealt with: it may have counted, even if Creel was killed over it. */
    wasPressed: z.boolean(),
  }),
);
type OpenQuestion = z.output<typeof schema>[number];

/** Until the latest answer that still counts has been dealt with. */
const MARGIN_MS = 1_000;
/** With no question open there is nothing to wait for. */
const IDLE_MS = 24 * 60 * 60_000;
const KEPT_MS = 30 * 24 * 60 * 60_000;

interface Parts {
  readonly channel: ChatName;
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, "edit">;
  readonly onError: (error: OpsError) => void;
}

/** Questions with buttons that nobody has answered yet: when their time is over they say so, and lose their buttons. */
export interface OpenQuestions {
  /** Takes up the questions of the process before. */
  start(): void;
  /** Resolves when it is written down. Never throws. */
  asked(posted: Posted, question: string): Promise<void>;
  /**
   * Runs `answer`. Unless that is refused, the question is answered; meanwhile its time does not run out. @throws OpsError
   * `store-unavailable`, without having run it.
   */
  answering(posted: Posted, answer: () => Promise<Reply>): Promise<Reply>;
  close(): void;
}

export function createOpenQuestions({ channel, memory, clock, outbox, onError }: Parts): OpenQuestions {
  const key = `questions:${channel}`;
  const closing = new AbortController();
  const patiently = <T>(call: () => Promise<T>) => persistently(clock, closing.signal, call);
  let last: Promise<unknown> = Promise.resolve();
  let nap = new AbortController();

  const load = async (): Promise<OpenQuestion[]> => {
    const found = schema.safeParse(await memory.get(key));
    return found.success ? found.data : [];
  };
  /** One change at a time: each replaces the whole list. */
  const change = (changed: (open: readonly OpenQuestion[]) => OpenQuestion[]): Promise<void> => {
    const mine = last.then(async () => memory.put(key, changed(await load()), KEPT_MS));
    last = mine.catch(() => undefined);
    return mine;
  };
  const quietly = (call: () => Promise<void>) =>
    patiently(call).catch((error: unknown) => {
      if (!closing.signal.aborted) onError(asOpsError(error));
    });
  const isAt = (posted: Posted) => (one: OpenQuestion) => messageKey(one.posted) === messageKey(posted);
  const without = (posted: Posted) => change((open) => open.filter((one) => !isAt(posted)(one)));
  const mark = (posted: Posted, wasPressed: boolean) =>
    change((open) => open.map((one) => (isAt(posted)(one) ? { ...one, wasPressed } : one)));
  const ages = createAges(clock, KEPT_MS);
  /** One from the future is of a clock that was set back: it was asked just now, as far as anybody knows. */
  const leftMs = ({ posted, untilMs }: OpenQuestion) =>
    QUESTION_MS + MARGIN_MS - Math.max(0, ages.ageMs(messageKey(posted), untilMs - QUESTION_MS));
  const busy = new Map<string, Promise<unknown>>();

  const expire = async ({ posted }: OpenQuestion) => {
    await busy.get(messageKey(posted));
    const still = (await patiently(load)).find(isAt(posted));
    if (still === undefined) return;
    const { question, wasPressed } = still;
    const render = () => renderUnanswered(question, wasPressed);
    await cannotSay(async () => void (await outbox.edit(posted, render, () => "soon")), onError);
    await patiently(() => without(posted));
    ages.forget(messageKey(posted));
  };
  const work = async () => {
    while (!closing.signal.aborted) {
      nap = new AbortController();
      const woken = AbortSignal.any([nap.signal, closing.signal]);
      await last;
      const open = await patiently(load);
      const due = open.filter((one) => leftMs(one) <= 0);
      await Promise.all(due.map(expire));
      if (due.length > 0) continue;
      await clock.sleep(Math.min(...open.map(leftMs), IDLE_MS), woken);
    }
  };

  return {
    start: () => void quietly(work),
    async asked(posted, question) {
      const one: OpenQuestion = { posted, question, untilMs: clock.now() + QUESTION_MS, wasPressed: false };
      ages.begin(messageKey(posted));
      await quietly(() => change((open) => [...open, one]));
      nap.abort();
    },
    async answering(posted, answer) {
      if (!(await load()).some(isAt(posted))) return answer();
      const at = messageKey(posted);
      const { promise, resolve } = Promise.withResolvers<void>();
      busy.set(at, promise);
      try {
        await mark(posted, true);
        const reply = await answer();
        await quietly(() => (reply.type === "refused" ? mark(posted, false) : without(posted)));
        return reply;
      } finally {
        if (busy.get(at) === promise) busy.delete(at);
        resolve();
      }
    },
    close: () => closing.abort(),
  };
}
