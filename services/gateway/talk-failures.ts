import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import type { Answer } from "./talk.ts";

/** Characters of an answer that are taken; no model writes that much at once. */
const LONGEST_ANSWER = 20_000;
const LONGEST_QUOTE = 200;

/** Why a turn failed, as the gateway tells. Parts that are not as expected are left out. */
export const turnFailure = z.object({
  errorMessage: z.string().optional().catch(undefined),
  errorKind: z.string().optional().catch(undefined),
  errorDetail: z
    .object({
      failoverReason: z.string().optional().catch(undefined),
      httpStatus: z.number().optional().catch(undefined),
      provider: z.string().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type TurnFailure = z.output<typeof turnFailure>;

export function boundAnswer(text: string): Answer {
  const isCut = text.length > LONGEST_ANSWER;
  // Half of a character that is a pair in UTF-16 is none.
  return { text: isCut ? text.slice(0, LONGEST_ANSWER).replace(/[\uD800-\uDBFF]$/, "") : text, isCut };
}

export function hasNoModel(): OpsError {
  return cannotAnswer("it has no model yet", "/model gives it one.");
}

/** Of a turn that somebody or something else has ended. */
export function turnStopped(): OpsError {
  return cannotAnswer("its turn was stopped before the end", "Ask again.");
}

/** What OpenClaw makes of the provider's answer, in its words for it, and where it has none, by the status. */
export function failedTurn(failure: TurnFailure): OpsError {
  const { errorKind, errorDetail, errorMessage } = failure;
  const its = errorDetail?.provider === undefined ? "its provider" : oneLine(errorDetail.provider);
  const said = errorMessage === undefined ? "" : ` (${oneLine(errorMessage)})`;
  switch (errorDetail?.failoverReason ?? errorKind ?? byStatus(errorDetail?.httpStatus)) {
    case "auth":
    case "auth_permanent":
      return cannotAnswer(`${its} does not take the key`, "/model with key:new gives it another one.");
    case "billing":
      return cannotAnswer(`${its} wants to be paid`, "Look at the account there, or choose another model with /model.");
    case "model_not_found":
      return cannotAnswer(`${its} does not have its model`, "/model chooses another one.");
    case "context_overflow":
    case "context_length":
      return cannotAnswer("its conversation is too long for its model", "/model chooses one that takes more.");
    case "refusal":
      return cannotAnswer("its model refused to", "Ask it in another way.");
    case "rate_limit":
    case "overloaded":
      return modelUnavailable(`${its} asks to wait: it has been asked too often, or is overloaded`);
    case "timeout":
      return modelUnavailable(`${its} did not answer in time`);
    case "server_error":
      return modelUnavailable(`${its} has trouble of its own`);
    default:
      return cannotAnswer(`its turn failed${said}`, "/logs shows more.");
  }
}

function byStatus(status: number | undefined): string | undefined {
  if (status === undefined) return undefined;
  if (status === 401 || status === 403) return "auth";
  if (status === 402) return "billing";
  if (status === 404) return "model_not_found";
  if (status === 429) return "rate_limit";
  return status >= 500 ? "server_error" : undefined;
}

function cannotAnswer(why: string, hint: string): OpsError {
  return new OpsError({ code: "agent-cannot-answer", userMessage: `The agent cannot answer: ${why}.`, hint });
}

function modelUnavailable(why: string): OpsError {
  return new OpsError({
    ...{ code: "model-unavailable", userMessage: `The agent cannot answer now: ${why}.` },
    hint: "Try again later, or choose another model with /model.",
  });
}

/** For the middle of a sentence, whatever the agent's gateway wrote. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}
