import type { z } from "zod";
import type { Json } from "../core/json.ts";
import type { Fact, Trouble } from "./kind.ts";

/** Of a result, which perhaps another version of Creel wrote, what fits `fields`; the rest is undefined. */
export function understood<Fields extends Readonly<Record<string, z.ZodType>>>(
  result: Json,
  fields: Fields,
): { readonly [Name in keyof Fields]: z.output<Fields[Name]> | undefined } {
  const given: Readonly<Record<string, unknown>> = { ...Object(result) };
  const read = Object.entries(fields).map(([name, schema]) => [name, schema.safeParse(given[name]).data] as const);
  return Object.fromEntries(read) as { [Name in keyof Fields]: z.output<Fields[Name]> | undefined };
}

/** Those that have a value, in this order. */
export function factsOf(values: Readonly<Record<string, string | undefined>>): readonly Fact[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

export function listed(things: readonly string[] = []): string | undefined {
  return things.length === 0 ? undefined : things.join(", ");
}

/** Of an agent whose network was looked at in the end. `why`: half a sentence. */
export function networkTrouble(network: string | undefined, why: string | null | undefined): Trouble | null {
  if (network !== "missing") return null;
  const reason = why ?? "nothing is known of it";
  return {
    but: "it has no network",
    why: `It serves, but its agent reaches nothing: ${reason}. creel doctor looks at what stands in the way.`,
  };
}

/** How a network is told of that was kept from an agent on purpose. */
export function networkWord(network: string | undefined): string | undefined {
  return network === "off" ? "off, as set" : undefined;
}

/** Where somebody looks who has just started an agent. */
export function lookAt(agent: string | null): readonly string[] {
  return agent === null ? [] : [`/status agent:${agent}`, `/logs agent:${agent}`];
}
