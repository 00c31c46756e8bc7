import { OpsError } from "../../src/core/errors.ts";
import { type HostName, quoteForMessage } from "../../src/core/names.ts";
import type { HostSpec, Offers, Size } from "./provider.ts";

/** What the spec asks for, or the provider's defaults. @throws OpsError `input-invalid` that names what is offered. */
export function chooseOffer(offers: Offers, spec: Pick<HostSpec, "region" | "size">): { region: string; size: Size } {
  const region = spec.region ?? offers.regions[0];
  const size = spec.size === null ? offers.sizes[0] : offers.sizes.find(({ name }) => name === spec.size);
  if (region === undefined || !offers.regions.includes(region)) {
    throw notOffered("region", spec.region, offers.regions);
  }
  if (size === undefined) {
    throw notOffered(
      "size",
      spec.size,
      offers.sizes.map(({ name }) => name),
    );
  }
  return { region, size };
}

function notOffered(what: string, asked: string | null, offered: readonly string[]): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: `There is no ${what} called ${quoteForMessage(asked ?? "")}.`,
    hint: `Use one of: ${offered.join(", ")}.`,
  });
}

export function hostGone(name: HostName): OpsError {
  return new OpsError({ code: "host-gone", userMessage: `The host ${name} does not exist any more.` });
}
