import type { Secret } from "../../core/secrets.ts";
import { createClient } from "./client.ts";
import { createHealth } from "./health.ts";

export interface BotDescription {
  /** Numeric, in decimal. */
  readonly id: string;
  /** Without "@". */
  readonly username: string;
}

/** Which bot a token belongs to. @throws OpsError `chat-refused`, `chat-unavailable`. */
export async function describeBot(options: {
  readonly token: Secret;
  readonly apiRoot: string;
}): Promise<BotDescription> {
  const client = createClient(
    options,
    createHealth(() => undefined),
  );
  try {
    const { id, username } = await client.api.getMe();
    return { id: String(id), username };
  } catch (error) {
    throw client.ops(error);
  }
}
