import { GatewayClientRequestError } from "@openclaw/gateway-client";
import { describe, expect, it } from "vitest";
import { askAgent, modelOfAnswer, stopTurn } from "../../../services/gateway/ask.ts";
import { rpcFailed } from "../../../services/gateway/failures.ts";
import type { RpcSession } from "../../../services/gateway/rpc.ts";
import { OpsError } from "../../../src/core/errors.ts";

const turn = { message: "Hello", key: "creel-1" };
const words = (text: string) => ({ role: "assistant", content: [{ type: "text", text }] });

/** What the gateway does with a call; `tell` sends an event. */
type Gateway = (method: string, tell: (payload: unknown) => void) => unknown;

function sessionWith(gateway: Gateway, lost: Promise<never> = new Promise(() => undefined)) {
  const calls: (readonly [string, unknown])[] = [];
  const hearers: ((event: string, payload: unknown) => void)[] = [];
  const session: RpcSession = {
    hello: { version: "2026.9.6", scopes: [] },
    async call(method, params) {
      calls.push([method, params]);
      return gateway(method, (payload) => {
        for (const hear of hearers) hear("chat", payload);
      });
    },
    onEvent: (hear) => void hearers.push(hear),
    lost,
  };
  return { session, calls };
}

const ended = (payload: object) =>
  sessionWith((_method, tell) => {
    tell({ runId: "another", state: "final", message: words("Not this one.") });
    tell({ runId: turn.key, state: "delta", deltaText: "Hel" });
    tell({ runId: turn.key, ...payload });
    return { runId: turn.key, status: "started" };
  }).session;

describe("a turn of an agent", () => {
  const { signal } = new AbortController();

  it("is over with its own end, and never a command of OpenClaw's", async () => {
    const { session, calls } = sessionWith((_method, tell) => {
      tell({ runId: turn.key, state: "final", message: words("Hello.") });
      return { status: "started" };
    });
    expect(await askAgent(session, turn, signal)).toEqual({ text: "Hello.", isCut: false });
    const asked = {
      sessionKey: "main",
      message: "Hello",
      idempotencyKey: turn.key,
      suppressCommandInterpretation: true,
    };
    expect(calls).toEqual([["chat.send", asked]]);
  });

  it("that ended while nobody listened has its answer on record", async () => {
    const messages = [
      { role: "user", content: "Hello", __openclaw: { idempotencyKey: "creel-1:user" } },
      { ...words("Hello again."), __openclaw: { runId: turn.key } },
      { ...words("Something else."), __openclaw: { runId: "another" } },
      { odd: true },
    ];
    const { session } = sessionWith((method) => (method === "chat.send" ? { status: "ok" } : { messages }));
    expect(await askAgent(session, turn, signal)).toEqual({ text: "Hello again.", isCut: false });
  });

  it("tells which model wrote its answer, and is stopped by its key", async () => {
    const its = { ...words("Hello."), provider: "lab", model: "a/b", __openclaw: { runId: turn.key } };
    const { session, calls } = sessionWith((method) =>
      method === "chat.history" ? { messages: [its] } : { ok: true },
    );
    expect(await modelOfAnswer(session, turn.key)).toBe("lab/a/b");
    expect(await modelOfAnswer(session, "another")).toBeNull();
    await stopTurn(session, turn.key);
    expect(calls.at(-1)).toEqual(["chat.abort", { sessionKey: "main", runId: turn.key }]);
  });

  it("whose answer is endless is cut, not in the middle of a character", async () => {
    const { text, isCut } = await askAgent(
      ended({ state: "final", message: words(`x${"😀".repeat(20_000)}`) }),
      turn,
      signal,
    );
    expect([text.length, isCut, text.isWellFormed()]).toEqual([19_999, true, true]);
  });

  it.each([
    [{ errorDetail: { failoverReason: "auth", provider: "oa" } }, "agent-cannot-answer", "does not take the key"],
    [{ errorDetail: { failoverReason: "billing" } }, "agent-cannot-answer", "wants to be paid"],
    [{ errorDetail: { failoverReason: "model_not_found" } }, "agent-cannot-answer", "does not have its model"],
    [{ errorKind: "rate_limit" }, "model-unavailable", "asks to wait"],
    [{ errorDetail: { httpStatus: 503 } }, "model-unavailable", "trouble of its own"],
    [{ errorMessage: "No\nauthentication\u202e source" }, "agent-cannot-answer", "(No authentication source)"],
    [{ errorDetail: "odd", errorMessage: 7 }, "agent-cannot-answer", "its turn failed."],
  ])("that fails says why: %j", async (failure, code, why) => {
    const refusal = { code, userMessage: expect.stringContaining(why) };
    await expect(askAgent(ended({ state: "error", ...failure }), turn, signal)).rejects.toMatchObject(refusal);
  });

  it("that has failed before fails for the same reason", async () => {
    const { session } = sessionWith(() => {
      const cause = new GatewayClientRequestError({ code: "UNAVAILABLE", message: "Authentication failed" });
      throw rpcFailed("chat.send was not answered as expected", cause);
    });
    const refusal = { code: "agent-cannot-answer", userMessage: expect.stringContaining("(Authentication failed)") };
    await expect(askAgent(session, turn, signal)).rejects.toMatchObject(refusal);
  });

  it.each([
    ["cancelled", ["chat.send", "chat.abort"]],
    ["superseded", ["chat.send"]],
  ] as const)("is stopped with what waits for it when that is %s", async (code, methods) => {
    const controller = new AbortController();
    const lost = Promise.withResolvers<never>();
    const { session, calls } = sessionWith(() => {
      const reason = new OpsError({ code, userMessage: "Enough." });
      controller.abort(reason);
      lost.reject(reason);
      return { status: "started" };
    }, lost.promise);
    await expect(askAgent(session, turn, controller.signal)).rejects.toMatchObject({ code });
    expect(calls.map(([method]) => method)).toEqual(methods);
  });
});
