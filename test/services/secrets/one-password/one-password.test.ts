import { beforeEach, describe, expect, it } from "vitest";
import { onePasswordSecrets } from "../../../../services/secrets/one-password/one-password.ts";
import { sdkClient } from "../../../../services/secrets/one-password/sdk-client.ts";
import type { OpsError } from "../../../../src/core/errors.ts";
import { isSecretRef, Secret, type SecretRef } from "../../../../src/core/secrets.ts";
import { secretSourceContract } from "../../../contract/secrets.ts";
import {
  type OnePasswordAccount,
  onePasswordAccount,
  serviceAccountToken,
} from "../../../fixtures/one-password/account.ts";

const MINUTE = 60_000;
const TOKEN = refTo("op://agents/ada/telegram/token");
const KEY = refTo("op://agents/ada/key");

function refTo(text: string): SecretRef {
  if (!isSecretRef(text)) throw new Error(`${text} is no reference`);
  return text;
}

let account: OnePasswordAccount;
let nowMs: number;
/** What was said of an outage. */
let said: OpsError[];
beforeEach(() => {
  account = onePasswordAccount();
  nowMs = 0;
  said = [];
});

const source = (token = () => account.token, expected: readonly SecretRef[] = []) =>
  onePasswordSecrets({
    client: sdkClient({
      token: async () => new Secret(token()),
      createClient: account.createClient,
      answerTimeoutMs: 50,
    }),
    expected: () => expected,
    onTrouble: (why) => said.push(why),
    clock: () => nowMs,
  });

secretSourceContract("op", async () => {
  const under = source();
  return {
    source: under,
    async put(name, value) {
      account.put(`op://agents/ada/${name}`, value);
      return refTo(`op://agents/ada/${name}`);
    },
    missing: refTo("op://agents/ada/nobody"),
    async forget() {
      nowMs += 6 * MINUTE;
    },
    async dispose() {
      expect(account.violations).toEqual([]);
    },
  };
});

describe("requests to 1Password", () => {
  beforeEach(() => {
    account.put(TOKEN, "123:telegram");
    account.put(KEY, "sk-1");
  });

  it("reads what is asked for at the same time in one request, after one login", async () => {
    const { resolve } = source();
    const values = await Promise.all([TOKEN, KEY, TOKEN].map(resolve));
    expect(values.map((value) => value.reveal())).toEqual(["123:telegram", "sk-1", "123:telegram"]);
    expect(account.requests).toEqual([[TOKEN, KEY]]);
    expect(account.logins).toBe(1);
  });

  it("reads nothing again within minutes, and then the new value", async () => {
    const { resolve } = source();
    for (let restart = 0; restart < 4; restart += 1) await resolve(TOKEN);
    account.put(TOKEN, "123:new");
    expect((await resolve(TOKEN)).reveal()).toBe("123:telegram");
    expect(account.requests).toHaveLength(1);
    nowMs += 6 * MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:new");
    expect(account.requests).toHaveLength(2);
  });

  it("reads along what is going to be asked for, so that a thousand agents that start one after the other are one request", async () => {
    const refs = Array.from({ length: 1000 }, (_, number) => refTo(`op://agents/agent-${number}/token`));
    for (const ref of refs) account.put(ref, `token of ${ref}`);
    const { resolve } = source(undefined, [...refs, refTo("env:NOT_ITS_BUSINESS")]);
    for (const ref of refs) expect((await resolve(ref)).reveal()).toBe(`token of ${ref}`);
    expect(account.requests.map(({ length }) => length)).toEqual([1000]);
  });

  it("asks once while an answer is out, and again for what came in the meantime", async () => {
    const { resolve } = source();
    const first = resolve(TOKEN);
    await expect.poll(() => account.requests).toHaveLength(1);
    const second = await Promise.all([resolve(TOKEN), resolve(KEY), first]);
    expect(second.map((value) => value.reveal())).toEqual(["123:telegram", "sk-1", "123:telegram"]);
    expect(account.requests.length).toBeLessThanOrEqual(2);
  });

  it("begins a new session after one that has ended, and says nothing of it", async () => {
    const { resolve } = source();
    await resolve(TOKEN);
    account.endSessions();
    nowMs += 6 * MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:telegram");
    nowMs += 6 * MINUTE;
    await resolve(TOKEN);
    expect(account.logins).toBe(2);
  });

  it("takes a new token of the service account at once", async () => {
    let token = serviceAccountToken({ email: "revoked" });
    const { resolve } = source(() => token);
    await expect(resolve(TOKEN)).rejects.toMatchObject({ code: "secret-unavailable" });
    token = account.token;
    nowMs += MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:telegram");
  });
});

describe("what 1Password does not have", () => {
  beforeEach(() => account.put(TOKEN, "123:telegram"));

  it.each([
    ["a vault", "op://elsewhere/ada/token", /no such vault/],
    ["an item", "op://agents/bob/token", /no such item/],
    ["a section", "op://agents/ada/discord/token", /no such section/],
    ["a field", "op://agents/ada/telegram/password", /no such field/],
  ])("is told of %s, and costs nobody else their value", async (_, missing, complaint) => {
    const { resolve } = source();
    const [there, not] = await Promise.allSettled([resolve(TOKEN), resolve(refTo(missing))]);
    expect(there).toMatchObject({ status: "fulfilled" });
    expect(not).toMatchObject({
      reason: { code: "secret-unavailable", retry: "never", userMessage: expect.stringMatching(complaint) },
    });
  });

  it("is told of two items with one name", async () => {
    account.putTwice("op://agents/twin/token", "x");
    await expect(source().resolve(refTo("op://agents/twin/token"))).rejects.toMatchObject({
      userMessage: expect.stringMatching(/more than one item/),
    });
  });

  it("is told of an item that was deleted, although its value was known, and is not asked for in a loop", async () => {
    const { resolve } = source();
    await resolve(TOKEN);
    account.removeItem(TOKEN);
    nowMs += 6 * MINUTE;
    for (let time = 0; time < 5; time += 1) {
      await expect(resolve(TOKEN)).rejects.toMatchObject({ userMessage: expect.stringMatching(/no such item/) });
    }
    expect(account.requests).toHaveLength(2);
  });
});

describe("when 1Password cannot be asked", () => {
  beforeEach(() => account.put(TOKEN, "123:telegram"));

  it.each(["rate-limited", "breaks", "hangs"] as const)("keeps the last value while it %s", async (trouble) => {
    const { resolve } = source();
    await resolve(TOKEN);
    expect(said).toEqual([]);
    account.trouble(trouble);
    nowMs += 60 * MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:telegram");
    nowMs += 60 * MINUTE;
    await resolve(TOKEN);
    expect(said).toEqual([expect.objectContaining({ code: "secret-unavailable", retry: "later" })]);
    account.trouble(null);
    account.put(TOKEN, "123:new");
    nowMs += 6 * MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:new");
  });

  it("asks less and less often, says how long it waits, and begins again at once when it is well", async () => {
    const { resolve } = source();
    account.trouble("breaks");
    const failed = async () => await resolve(TOKEN).catch((error: unknown) => error);
    expect(await failed()).toMatchObject({ retry: "later", retryAfterMs: 5000 });
    for (let second = 1; second < 60 * 60; second += 1) {
      nowMs += 1000;
      await failed();
    }
    // 5 s, 10 s, … 5 min: 6 in the first five minutes, and one every five minutes from then on.
    expect(account.requests.length + account.logins).toBeLessThan(25);
    account.trouble(null);
    nowMs += 5 * MINUTE;
    expect((await resolve(TOKEN)).reveal()).toBe("123:telegram");
  });

  it.each(["canary-token", "ops_canary-token"])(
    "says of a token that is none that it is none, and never shows it: %s",
    async (token) => {
      const failed = await source(() => token)
        .resolve(TOKEN)
        .catch((error: unknown) => error);
      expect(failed).toMatchObject({ retry: "never", userMessage: expect.stringMatching(/no token of a 1Password/) });
      expect(JSON.stringify(failed) + String(failed)).not.toContain("canary-token");
    },
  );
});
