import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createModelApis } from "../../../services/model-api/fetched-model-apis.ts";
import { KNOWN_PROVIDERS, type Manner, type ProviderEntry } from "../../../services/model-api/known.ts";
import { createMemoryModelApis } from "../../../services/model-api/memory.ts";
import type { ModelProvider } from "../../../src/core/agent-settings.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { modelApisContract } from "../../contract/model-api.ts";
import { startModelServer } from "./model-server.ts";

const KEY = "canary-of-a-good-key";
const goodKey = new Secret(KEY);
const NOTHING: ModelProvider = { key: null, baseUrl: null, api: null, models: [] };
const question = { provider: "lab", settings: NOTHING, model: "one" };
const unknown = { provider: "nobody", settings: NOTHING, model: "one" };

function entry(address: string, manner: Manner, more: Partial<ProviderEntry> = {}): ProviderEntry {
  return {
    title: "Lab",
    keysAt: "lab.example/keys",
    address,
    manner,
    hasLogin: false,
    setup: { baseUrl: null, api: null },
    ...more,
  };
}

for (const manner of ["list", "anthropic", "google"] as const) {
  modelApisContract(`over HTTP in the manner of ${manner}`, async () => {
    const server = await startModelServer(manner, KEY);
    const apis = createModelApis({ known: new Map([["lab", entry(server.address, manner)]]) });
    return {
      apis,
      question,
      goodKey,
      unknown,
      down: server.close,
      dispose: async () => await server[Symbol.asyncDispose](),
    };
  });
}

modelApisContract("in memory", async () => {
  const apis = createMemoryModelApis({ lab: { keys: [goodKey], models: ["one", "two"] } });
  return { apis, question, goodKey, unknown, down: async () => apis.down(), dispose: async () => undefined };
});

describe("model APIs over HTTP", () => {
  async function lab(manner: Manner = "list", more: Partial<ProviderEntry> = {}) {
    const server = await startModelServer(manner, KEY);
    const known = new Map([["lab", entry(server.address, manner, more)]]);
    const apis = createModelApis({ known, timeLimitMs: 300, isOwn: () => false });
    const check = (key: Secret | null, settings = NOTHING, model = "one") =>
      apis.check({ provider: "lab", settings, model }, key).catch((error: unknown) => error);
    return { server, apis, check, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }

  it("take the wait that a provider asks for", async () => {
    await using it = await lab();
    it.server.answerNext({ status: 429, headers: { "retry-after": "7" } });
    expect(await it.check(goodKey)).toMatchObject({ code: "model-unavailable", retry: "later", retryAfterMs: 7000 });
  });

  it.each([500, 503])("say that a provider with HTTP %i has a problem of its own", async (status) => {
    await using it = await lab();
    it.server.answerNext({ status });
    expect(await it.check(goodKey)).toMatchObject({ code: "model-unavailable", retry: "later" });
  });

  it("give up on a provider that takes the connection and says nothing", async () => {
    await using it = await lab();
    it.server.hang();
    expect(await it.check(goodKey)).toMatchObject({
      code: "model-unavailable",
      userMessage: "Lab cannot be asked: it did not answer within 0.3 s.",
    });
  });

  it("stop when nobody waits any more", async () => {
    await using it = await lab();
    it.server.hang();
    const asking = it.apis.check(question, goodKey, AbortSignal.abort());
    await expect(asking).rejects.toMatchObject({ code: "cancelled" });
  });

  it("never take a key to where a redirect points", async () => {
    await using it = await lab();
    let visits = 0;
    const other = createServer((_request, response) => {
      visits += 1;
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    it.server.answerNext({ status: 307, headers: { location: `http://127.0.0.1:${port}/` } });
    expect(await it.check(goodKey)).toBe("unasked");
    expect(visits).toBe(0);
    await new Promise((resolve) => other.close(resolve));
  });

  it.each(["[]", "<html>", '{"data":7}'])("do not judge by an answer such as %s", async (body) => {
    await using it = await lab();
    it.server.answerNext({ status: 200, body });
    const answer = await it.check(goodKey);
    if (body === "[]") expect(answer).toMatchObject({ code: "not-found" });
    else expect(answer).toBe("unasked");
  });

  it("read no answer without an end", async () => {
    await using it = await lab();
    it.server.answerNext({ status: 200, body: "x".repeat(9 * 1024 * 1024) });
    expect(await it.check(goodKey)).toMatchObject({ userMessage: expect.stringContaining("far too long") });
  });

  it("do not judge a key that may not list models", async () => {
    await using it = await lab();
    it.server.answerNext({ status: 403 });
    expect(await it.check(goodKey)).toBe("unasked");
  });

  it("ask with the key first where anybody may see the models", async () => {
    await using it = await lab("list");
    await using shop = await startModelServer("list", KEY);
    const apis = createModelApis({
      known: new Map([["lab", entry(it.server.address, "list", { keyCheck: `${shop.address}/models` })]]),
    });
    const wrong = apis.check(question, new Secret("canary-of-a-wrong-key"));
    await expect(wrong).rejects.toMatchObject({ code: "key-refused" });
    expect(it.server.asked).toEqual([]);
    expect(await apis.check(question, goodKey)).toBe("good");
  });

  it("ask at an address of the settings, where silence means nothing", async () => {
    await using it = await lab();
    const apis = createModelApis({ known: new Map(), timeLimitMs: 300, isOwn: () => false });
    const settings = { ...NOTHING, baseUrl: it.server.address };
    const ask = (key: Secret | null, model: string) => apis.check({ provider: "own", settings, model }, key);
    expect(await ask(goodKey, "one")).toBe("good");
    await expect(ask(null, "one")).rejects.toMatchObject({ code: "key-refused", userMessage: "own wants a key." });
    await expect(ask(goodKey, "oen")).rejects.toMatchObject({ hint: 'Did you mean "one"?' });
    await it.server.close();
    expect(await ask(goodKey, "one")).toBe("unasked");
  });

  it("do not ask at this machine's own addresses, which are the host's to an agent", async () => {
    await using it = await lab();
    const settings = { ...NOTHING, baseUrl: it.server.address };
    expect(await createModelApis().check({ provider: "own", settings, model: "one" }, goodKey)).toBe("unasked");
    expect(it.server.asked).toEqual([]);
  });
});

describe("known providers", () => {
  it.each([...KNOWN_PROVIDERS].filter(([, { address }]) => address !== null))(
    "%s is asked over HTTPS, at an address that ends without a slash",
    (_, { address }) => {
      expect(address).toMatch(/^https:\/\/[\w.-]+(?:\/[\w.-]+)*$/);
    },
  );

  it("are suggested to who mistypes them", () => {
    expect(createModelApis().nearest("opnai")).toBe("openai");
    expect(createModelApis().nearest("zzz")).toBeNull();
  });
});
