import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BotServices } from "../../services/bot-service/bot-service.ts";
import type { AgentChannel, Bot } from "../../src/core/agent-settings.ts";
import { Secret } from "../../src/core/secrets.ts";

export interface BotServicesUnderTest {
  readonly services: BotServices;
  readonly channel: AgentChannel;
  readonly apiRoot: string | null;
  readonly token: Secret;
  /** Whose token it is. */
  readonly bot: Bot;
  /** Has the form of a token, and is none. */
  readonly otherToken: Secret;
  revoke(): void;
  down(): Promise<void>;
  dispose(): Promise<void>;
}

/** What holds for whoever asks services whose bot it is. */
export function botServicesContract(name: string, create: () => Promise<BotServicesUnderTest>): void {
  describe(`bot services ${name}`, () => {
    let under: BotServicesUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.dispose());
    const whose = (token: Secret) => under.services.whose(under.channel, { apiRoot: under.apiRoot }, token);
    const failing = (token: Secret) => whose(token).catch((error: unknown) => error);

    it("say whose token it is, as often as they are asked", async () => {
      expect(await whose(under.token)).toEqual(under.bot);
      expect(await whose(under.token)).toEqual(under.bot);
    });

    it.each([
      ["of nobody", () => under.otherToken],
      ["that is none", () => new Secret("canary-that-is-no-token")],
      ["that would be a path", () => new Secret("123456789/../../canary")],
      ["that would be a header", () => new Secret("canary\r\nx-other: 1")],
    ])("refuse a token %s, without a word of it", async (_, token) => {
      const error = await failing(token());
      expect(error).toMatchObject({ code: "chat-refused", retry: "never", hint: expect.stringMatching(/\w/) });
      expect(JSON.stringify(error)).not.toContain("canary");
      expect(JSON.stringify(error)).not.toContain(under.otherToken.reveal());
    });

    it("refuse a token that was taken back", async () => {
      under.revoke();
      expect(await failing(under.token)).toMatchObject({ code: "chat-refused", retry: "never" });
    });

    it("say that a service that does not answer may do so later, without a word of the token", async () => {
      await under.down();
      const error = await failing(under.token);
      expect(error).toMatchObject({ code: "chat-unavailable", retry: "later" });
      expect(JSON.stringify(error)).not.toContain(under.token.reveal());
    });
  });
}
