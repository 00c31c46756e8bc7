import type { AgentRegistry } from "../core/agent.ts";
import { asOpsError } from "../core/errors.ts";
import type { AgentName } from "../core/names.ts";
import { type Providers, reachedThrough } from "./providers.ts";

/** Where `agent` is, else `wanted` as `reachedThrough` takes it. A record that cannot be read is for the operation itself to complain of. */
export async function whereabouts(
  ports: { readonly providers: Providers; readonly registry: Pick<AgentRegistry, "get"> },
  agent: AgentName,
  wanted: string | null = null,
): Promise<string> {
  const known = await ports.registry.get(agent).catch((error: unknown) => {
    if (asOpsError(error).retry === "later") throw error;
    return null;
  });
  return known === null ? reachedThrough(ports.providers, wanted) : known.provider;
}
