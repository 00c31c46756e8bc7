import { isIP } from "node:net";
import { OpsError } from "../../src/core/errors.ts";
import type { Opening } from "../../src/core/firewall.ts";
import { type HostName, quoteForMessage } from "../../src/core/names.ts";
import type { HostSpec } from "./provider.ts";

/** The text of a cloud-config, for machines that are given user-data. @throws OpsError `input-invalid` for a first boot of another kind. */
export function requireCloudConfig({ firstBoot, system }: Pick<HostSpec, "firstBoot" | "system">): string {
  if (firstBoot.format === "cloud-config") return firstBoot.text;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `This provider cannot make hosts of ${system}: it sets machines up with cloud-config alone.`,
  });
}

/** @throws OpsError `input-invalid` for what is no port or no network. */
export function requireOpenings(openings: readonly Opening[]): readonly Opening[] {
  for (const { port, from } of openings) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw noOpening(`port ${port}`);
    for (const network of from) if (!isNetwork(network)) throw noOpening(quoteForMessage(network));
  }
  return openings;
}

function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const most = { 4: 32, 6: 128 }[isIP(address)];
  return most !== undefined && Number(bits) <= most;
}

function noOpening(what: string): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: `Nothing can be let in at ${what}: it takes a port and networks such as 198.51.100.0/24.`,
  });
}

export function hostGone(name: HostName): OpsError {
  return new OpsError({ code: "host-gone", userMessage: `The host ${name} does not exist any more.` });
}

export function noSuchImage(id: string): OpsError {
  return new OpsError({
    code: "image-failed",
    userMessage: `There is no golden image ${quoteForMessage(id)} to make a host from.`,
    hint: "/image shows those there are; /image build makes a new one.",
  });
}

/** `hosts`: those that stand on it; null when nobody knows. */
export function imageInUse(id: string, hosts: readonly HostName[] | null): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage:
      hosts === null
        ? `Whether a host stands on the golden image ${id} is not known, so it stays.`
        : `The golden image ${id} stays: ${hosts.join(", ")} ${hosts.length === 1 ? "stands" : "stand"} on it.`,
    hint:
      hosts === null ? "creel doctor names the hosts whose records cannot be read." : "/destroy their agents first.",
  });
}

/** A machine of that name is there and not Creel's. */
export function nameTaken(name: HostName): OpsError {
  return new OpsError({
    code: "already-exists",
    userMessage: `There is a machine called ${name} already, which is not Creel's.`,
    hint: "Rename it, or try again.",
  });
}
