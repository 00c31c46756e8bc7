import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SecretSource } from "../../services/secrets/secrets.ts";
import { Secret, type SecretRef } from "../../src/core/secrets.ts";

export interface SourceUnderTest {
  readonly source: SecretSource;
  /** Puts `value` there and says how it is referred to. */
  put(name: string, value: string): Promise<SecretRef>;
  /** Of something that is not there. */
  readonly missing: SecretRef;
  /** Lets so much time pass that what the source keeps, if it does, is old. */
  forget?(): Promise<void>;
  dispose(): Promise<void>;
}

/** What holds for everything that secrets come from. */
export function secretSourceContract(name: string, create: () => Promise<SourceUnderTest>): void {
  describe(`secret source ${name}`, () => {
    let under: SourceUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.dispose());

    it.each([
      ["a token", "123456:AAH-x_y"],
      ["several lines", "-----BEGIN KEY-----\nabc\n-----END KEY-----"],
      ["any script", "pä$$wörd 鍵 🔑 \\ \"'`$(x)"],
    ])("gives %s as it was put there", async (_, value) => {
      const ref = await under.put("first", value);
      const secret = await under.source.resolve(ref);
      expect(secret).toBeInstanceOf(Secret);
      expect(secret.reveal()).toBe(value);
    });

    it("reads when it is asked, so a changed value counts soon", async () => {
      const ref = await under.put("first", "old-value");
      await under.source.resolve(ref);
      expect(await under.put("first", "new-value")).toBe(ref);
      await under.forget?.();
      expect((await under.source.resolve(ref)).reveal()).toBe("new-value");
    });

    it("tells secrets apart", async () => {
      const [one, two] = [await under.put("one", "value-1"), await under.put("two", "value-2")];
      expect([(await under.source.resolve(one)).reveal(), (await under.source.resolve(two)).reveal()]).toEqual([
        "value-1",
        "value-2",
      ]);
    });

    it("says of what is not there that it is not, and what to do, and names no value", async () => {
      await under.put("first", "canary-value");
      const failed = await under.source.resolve(under.missing).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: "secret-unavailable", hint: expect.stringMatching(/\w/) });
      expect(JSON.stringify(failed)).not.toContain("canary-value");
    });
  });
}
