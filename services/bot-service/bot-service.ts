import type { AgentChannel, Bot, ChannelSettings } from "../../src/core/agent-settings.ts";
import type { Secret } from "../../src/core/secrets.ts";

/** The services at which agents have bots. The contract suite in `test/contract/bot-service.ts` holds for every implementation. */
export interface BotServices {
  /**
   * Asks the service whose token it is. Changes nothing, and takes nothing away from a program that works with the token. Up to 20 s.
   * @throws OpsError `chat-refused` when the service does not take the token, or the bot lacks what an agent needs of it; `chat-unavailable` (later)
   * when it does not answer or asks to wait.
   */
  whose(
    channel: AgentChannel,
    settings: Pick<ChannelSettings, "apiRoot">,
    token: Secret,
    signal?: AbortSignal,
  ): Promise<Bot>;
}
