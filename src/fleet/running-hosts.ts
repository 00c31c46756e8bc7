import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { asOpsError } from "../core/errors.ts";
import type { Finding } from "../core/finding.ts";
import type { Host } from "../core/host.ts";
import { type Machine, type MachinePorts, machineWith } from "../operations/machine.ts";

const LOOK_MS = 30_000;

/** All hosts of these providers that run. */
export async function runningHosts(providers: Iterable<Machine["provider"]>): Promise<Host[]> {
  const hosts = (await Promise.all([...providers].map((provider) => provider.list()))).flat();
  return hosts.filter(({ state }) => state === "running");
}

/** What is found on each host, about `subject` of its agents, or of the host that has none; null when all is well there. One that cannot be asked is found as that. */
export async function lookOnEach(
  ports: MachinePorts,
  hosts: readonly Host[],
  subject: string,
  look: (machine: Machine, shell: HostShell, signal: AbortSignal) => Promise<Omit<Finding, "subject"> | null>,
): Promise<Finding[]> {
  const found = await Promise.all(
    hosts.map(async (host) => {
      const finding = await lookOn(ports, host, look);
      return (
        finding && {
          subject: `${subject} of ${host.agents.length === 0 ? host.name : host.agents.join(", ")}`,
          ...finding,
        }
      );
    }),
  );
  return found.filter((finding) => finding !== null);
}

async function lookOn(
  ports: MachinePorts,
  host: Host,
  look: Parameters<typeof lookOnEach>[3],
): Promise<Omit<Finding, "subject"> | null> {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    const machine = machineWith(ports, host);
    await using shell = await machine.connect({ signal });
    return await look(machine, shell, signal);
  } catch (error) {
    const { userMessage, hint } = asOpsError(error);
    return { verdict: "warning", seen: `It could not be tried: ${userMessage}`, fix: hint ?? "/status says more." };
  }
}
