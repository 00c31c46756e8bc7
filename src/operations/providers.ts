import type { Provider } from "../../services/provider/provider.ts";
import { OpsError } from "../core/errors.ts";
import { kindOf } from "../core/lane.ts";

/** By name; the first one is the default. */
export type Providers = ReadonlyMap<string, Provider>;

/** @throws OpsError `provider-failed` for a provider of another machine, `input-invalid` that names the providers there are. */
export function selectProvider(providers: Providers, name: string | null): Provider {
  const wanted = name ?? providers.keys().next().value;
  const provider = wanted === undefined ? undefined : (providers.get(wanted) ?? ofKind(providers, wanted));
  if (provider !== undefined) return provider;
  if (wanted?.includes("@")) {
    throw new OpsError({
      code: "provider-failed",
      userMessage: `${wanted} is another machine or state folder; its hosts cannot be reached from here.`,
      hint: "Ask Creel there.",
    });
  }
  throw new OpsError({
    code: "input-invalid",
    userMessage: `There is no provider called ${JSON.stringify(wanted ?? "")}.`,
    hint: `Use one of: ${[...providers.keys()].join(", ")}.`,
  });
}

/** Hosts on this machine belong to one state folder, so where several share a Redis the provider is called `local@…`. */
function ofKind(providers: Providers, name: string): Provider | undefined {
  return [...providers.values()].find((provider) => provider.name.startsWith(`${name}@`));
}

/** Whether this process can reach what is at `provider`, as an agent has it on record. */
export function isHere(providers: Providers, provider: string): boolean {
  return [...providers.keys()].some((name) => name === provider || kindOf(name) === provider);
}

/** Whose lane is meant by `wanted`, as somebody typed it or as it is on record; null: the settings' own. Local ones of no machine are those of any. */
export function reachedThrough(providers: Providers, wanted: string | null): string {
  const known = [...providers.keys()];
  if (wanted !== null && (wanted.includes("@") || known.some((name) => name === wanted || kindOf(name) === wanted))) {
    return wanted;
  }
  // Who takes it there says that there is no provider of this name.
  return kindOf(known[0] ?? "local");
}
