import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostSpec, Provider } from "../../services/provider/provider.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { ONLY_SSH } from "../../src/core/firewall.ts";
import { hostNameFor, makeOperationId, parseAgentName } from "../../src/core/names.ts";

const SOME_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMOGBCrGTZM0+59WVn+fuGQ4kJmEr0yrRdRzQvAIr1pb test";

/** A complete spec for a new host from the provider's current image. Every call makes another name. */
export async function specFor(
  provider: Pick<Provider, "images">,
  agent: string,
  fields: Partial<HostSpec> & { readonly authorizedKey?: string } = {},
): Promise<HostSpec> {
  const { authorizedKey = SOME_KEY, ...overrides } = fields;
  const name = parseAgentName(agent);
  const operation = makeOperationId(Date.now(), Math.random);
  const hostKey = generateHostKey();
  const hostName = overrides.name ?? hostNameFor(name, operation);
  return {
    name: hostName,
    agents: [name],
    operation,
    region: null,
    size: null,
    image: (await provider.images.status()).current?.id ?? "none",
    system: debian.name,
    firstBoot: debian.firstBoot({ hostName, authorizedKey, hostKey }),
    hostKeyFingerprint: hostKey.fingerprint,
    openings: ONLY_SSH,
    ...overrides,
  };
}
