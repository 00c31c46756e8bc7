import { OpsError } from "../../../../src/core/errors.ts";
import type { Finding } from "../../../../src/core/finding.ts";
import { overlapOf, type Route, routes } from "../routes.ts";
import { isHostInterface } from "./network.ts";

const HINT = "Choose another range with local.subnet in creel.yaml, such as 10.213.";

/** @throws OpsError `address-in-use` when this machine has another network inside the subnet of its hosts. */
export async function requireFreeSubnet(prefix: string): Promise<void> {
  const [taken] = await overlapping(prefix, "inside");
  if (taken === undefined) return;
  throw new OpsError({ code: "address-in-use", userMessage: insideWords(prefix, taken), hint: HINT });
}

/** Other networks of this machine that the subnet of its hosts gets in the way of. @throws OpsError `tool-missing`. */
export async function diagnoseSubnet(prefix: string): Promise<Finding[]> {
  const subject = "addresses of local hosts";
  const inside = (await overlapping(prefix, "inside")).map(
    (route): Finding => ({ subject, verdict: "problem", seen: insideWords(prefix, route), fix: HINT }),
  );
  const around = (await overlapping(prefix, "around")).map(
    ({ to, dev }): Finding => ({
      subject,
      verdict: "warning",
      seen: `Hosts get addresses out of ${to}, which this machine reaches through ${dev}: whoever has the same ones there is hidden by them.`,
      fix: `Unless nobody uses ${prefix}.0.0/16 there: choose another range with local.subnet in creel.yaml.`,
    }),
  );
  return [...inside, ...around];
}

async function overlapping(prefix: string, how: "inside" | "around"): Promise<Route[]> {
  return (await routes()).filter((route) => !isHostInterface(route.dev) && overlapOf(prefix, route) === how);
}

function insideWords(prefix: string, { to, dev }: Route): string {
  return `This machine already has the network ${to} on ${dev}, which is among the addresses of its hosts (${prefix}.0.0/16).`;
}
