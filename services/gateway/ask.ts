import { GatewayClientRequestError } from "@openclaw/gateway-client";
import { z } from "zod";
import { OpsError, stopped } from "../../src/core/errors.ts";
import { notReady, rpcFailed } from "./failures.ts";
import type { RpcSession } from "./rpc.ts";
import type { Answer, Turn } from "./talk.ts";
import { boundAnswer, failedTurn, turnFailure, turnStopped } from "./talk-failures.ts";

/** The main session of whichever agent is the gateway's default. */
const SESSION = "main";
/** An event tells of the end nearly always; one that was missed is looked for this often. */
const LOOK_AGAIN_MS = 5000;
/** How far back an answer is looked for that nobody was there to hear. */
const LAST_MESSAGES = 200;

const text = z.object({ type: z.string(), text: z.string().optional() });
const said = z.object({
  role: z.string().optional(),
  ...{ provider: z.string().optional().catch(undefined), model: z.string().optional().catch(undefined) },
  content: z.union([z.string(), z.array(text)]),
  __openclaw: z.object({ runId: z.string().optional() }).optional(),
});
type Said = z.output<typeof said>;
const chatEvent = z.object({ runId: z.string(), state: z.string(), message: said.optional().catch(undefined) });
const accepted = z.object({ status: z.string() });
const history = z.object({ messages: z.array(z.unknown()) });

/** One turn, to its end. @throws OpsError as `GatewayTalk.ask`. */
export async function askAgent(session: RpcSession, turn: Turn, signal: AbortSignal): Promise<Answer> {
  const ended = Promise.withResolvers<string>();
  ended.promise.catch(() => undefined);
  session.onEvent((event, payload) => {
    const chat = event === "chat" ? chatEvent.safeParse(payload).data : undefined;
    if (chat?.runId !== turn.key) return;
    if (chat.state === "final") ended.resolve(textOf(chat.message));
    if (chat.state === "aborted") ended.reject(turnStopped());
    if (chat.state === "error") ended.reject(failedTurn(turnFailure.parse(payload)));
  });
  try {
    for (;;) {
      switch (await send(session, turn)) {
        case "ok":
          return boundAnswer(await answerOnRecord(session, turn));
        case "aborted":
        case "timeout":
          throw turnStopped();
        case "error":
          throw failedTurn({});
      }
      const answer = await Promise.race([ended.promise, session.lost, nothingHeard()]);
      if (answer !== null) return boundAnswer(answer);
    }
  } catch (error) {
    // Whoever takes over from a worker that lost it waits for the same turn.
    if (signal.aborted && stopped(signal).code !== "superseded") {
      await stopTurn(session, turn.key).catch(() => undefined);
    }
    throw error;
  }
}

/** Begins the turn, or says how it is: what the gateway calls its status. Of one that has failed, it throws why. */
async function send(session: RpcSession, { message, key }: Turn): Promise<string> {
  const asked = { sessionKey: SESSION, message, idempotencyKey: key, suppressCommandInterpretation: true };
  try {
    const answer = accepted.safeParse(await session.call("chat.send", asked));
    if (!answer.success) throw rpcFailed("it does not say whether it takes a message");
    return answer.data.status;
  } catch (error) {
    const refusal = error instanceof OpsError ? error.cause : null;
    if (!(refusal instanceof GatewayClientRequestError)) throw error;
    throw refusal.retryable ? notReady("it takes no messages now") : failedTurn({ errorMessage: refusal.message });
  }
}

/** Of a turn that ended while nobody listened. Empty when the agent said nothing. */
async function answerOnRecord(session: RpcSession, { key }: Turn): Promise<string> {
  const its = await saidIn(session, key);
  return its.map(textOf).findLast((words) => words !== "") ?? "";
}

/** @throws OpsError as `GatewayTalk.answeredBy`. */
export async function modelOfAnswer(session: RpcSession, key: string): Promise<string | null> {
  const last = (await saidIn(session, key)).findLast((message) => textOf(message) !== "");
  return last?.provider === undefined || last.model === undefined ? null : `${last.provider}/${last.model}`;
}

/** @throws OpsError as `GatewayTalk.stop`. */
export async function stopTurn(session: RpcSession, key: string): Promise<void> {
  await session.call("chat.abort", { sessionKey: SESSION, runId: key });
}

/** What the agent said in a turn, oldest first. */
async function saidIn(session: RpcSession, key: string): Promise<readonly Said[]> {
  const kept = history.safeParse(await session.call("chat.history", { sessionKey: SESSION, limit: LAST_MESSAGES }));
  if (!kept.success) throw rpcFailed("it does not tell what was said");
  const messages = kept.data.messages.flatMap((message) => said.safeParse(message).data ?? []);
  return messages.filter((message) => message.role === "assistant" && message.__openclaw?.runId === key);
}

function textOf(message: Said | undefined): string {
  if (message === undefined) return "";
  if (typeof message.content === "string") return message.content;
  return message.content.flatMap((part) => (part.type === "text" ? (part.text ?? []) : [])).join("\n");
}

function nothingHeard(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS, null).unref());
}
