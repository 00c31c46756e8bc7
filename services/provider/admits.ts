import { BlockList, isIP } from "node:net";
import type { Opening } from "../../src/core/firewall.ts";

/** Whether a connection from `address` to that TCP port is let in. */
export function admits(openings: readonly Opening[], port: number, address: string): boolean {
  const networks = new BlockList();
  for (const opening of openings) {
    if (opening.protocol !== "tcp" || opening.port !== port) continue;
    for (const network of opening.from) {
      const [net = "", bits] = network.split("/");
      networks.addSubnet(net, Number(bits), familyOf(net));
    }
  }
  return networks.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
