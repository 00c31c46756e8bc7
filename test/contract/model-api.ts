import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelApis, ModelQuestion } from "../../services/model-api/model-api.ts";
import { Secret } from "../../src/core/secrets.ts";

export interface ModelApisUnderTest {
  readonly apis: ModelApis;
  /** About a provider that takes `goodKey` alone and has the models `one` and `two`. */
  readonly question: ModelQuestion;
  readonly goodKey: Secret;
  /** About a provider that nobody knows anything of. */
  readonly unknown: ModelQuestion;
  /** The provider does not answer any more. */
  down(): Promise<void>;
  dispose(): Promise<void>;
}

/** What holds for whoever asks providers of models. */
export function modelApisContract(name: string, create: () => Promise<ModelApisUnderTest>): void {
  describe(`model APIs ${name}`, () => {
    let under: ModelApisUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.dispose());
    const failing = (model: string, key: Secret | null) =>
      under.apis.check({ ...under.question, model }, key).catch((error: unknown) => error);

    it("say that a good key and a model that is there are good", async () => {
      for (const model of ["one", "two"]) {
        expect(await under.apis.check({ ...under.question, model }, under.goodKey)).toBe("good");
      }
    });

    it.each([
      ["another key", new Secret("canary-of-a-wrong-key")],
      ["no key", null],
    ])("refuse %s, without a word of it", async (_, key) => {
      const error = await failing("one", key);
      expect(error).toMatchObject({ code: "key-refused", retry: "never" });
      expect(JSON.stringify(error)).not.toContain("canary");
    });

    it("refuse a model that is not there, and say what helps", async () => {
      const error = await failing("three", under.goodKey);
      expect(error).toMatchObject({ code: "not-found", userMessage: expect.stringContaining('"three"') });
      expect(error).toMatchObject({ hint: expect.stringMatching(/\w/) });
    });

    it("say that a provider that does not answer may do so later", async () => {
      await under.down();
      expect(await failing("one", under.goodKey)).toMatchObject({ code: "model-unavailable", retry: "later" });
    });

    it("do not judge whom nobody knows", async () => {
      expect(await under.apis.check(under.unknown, under.goodKey)).toBe("unasked");
      expect(under.apis.known(under.unknown.provider)).toBeNull();
    });

    it("know where one gets a key", () => {
      expect(under.apis.known(under.question.provider)?.keysAt).toMatch(/\w\.\w/);
    });
  });
}
