import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isErrno } from "../../../../src/core/errno.ts";
import { parseJson } from "../../../../src/core/json.ts";
import { routes } from "../routes.ts";
import { interfacePrefix, isHostInterface } from "./network.ts";

/**
 * Only the interfaces that take part forward: the hosts' own, and those this machine has routes through. The switch for all of them
 * (`ip_forward`) stays as it is, so that somebody else who turns it on is noticed, and no other networks are joined.
 */
const CONF = "/proc/sys/net/ipv4/conf";
const ALL = "/proc/sys/net/ipv4/ip_forward";
/** Interfaces that Creel has switched on. Written before, so that whoever comes after a crash can switch them off. Goes with a reboot, as they do. In the folder of the lock. */
const SWITCHED_ON = "/run/creel/forwarding.json";

const names = z.array(z.string());

/** Whether packets between the hosts of the subnet `prefix` and the rest of the world are passed on. */
export async function isForwarding(prefix: string): Promise<boolean> {
  return (await switchedOff([...(await links(prefix)), ...(await uplinks())])).length === 0;
}

/** Idempotent. To be called under the lock of all Creels on this machine. */
export async function startForwarding(prefix: string): Promise<void> {
  const ours = await switchedOff(await links(prefix));
  const others = await switchedOff(await uplinks());
  if (others.length > 0) await remember([...new Set([...(await remembered()), ...others])]);
  for (const name of [...ours, ...others]) await write(name, "1");
}

/**
 * Switches off what `startForwarding` has switched on, unless somebody has made this whole machine a router meanwhile. Idempotent. To
 * be called under the lock of all Creels on this machine, when no host needs it any more.
 */
export async function stopForwarding(): Promise<void> {
  const isRouter = (await readFile(ALL, "utf8")).trim() === "1";
  if (!isRouter) for (const name of await remembered()) await write(name, "0");
  await rm(SWITCHED_ON, { force: true });
}

async function links(prefix: string): Promise<string[]> {
  return (await readdir("/sys/class/net")).filter((name) => name.startsWith(interfacePrefix(prefix)));
}

async function uplinks(): Promise<string[]> {
  const found = (await routes()).map(({ dev }) => dev);
  return [...new Set(found)].filter((name) => name !== "lo" && !isHostInterface(name));
}

async function switchedOff(interfaces: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    interfaces.map(async (name) => {
      const text = await readFile(join(CONF, name, "forwarding"), "utf8").catch(ignoreGone);
      return text?.trim() === "0" ? [name] : [];
    }),
  );
  return found.flat();
}

async function write(name: string, value: "0" | "1"): Promise<void> {
  await writeFile(join(CONF, name, "forwarding"), value).catch(ignoreGone);
}

async function remembered(): Promise<string[]> {
  const text = await readFile(SWITCHED_ON, "utf8").catch(ignoreGone);
  return names.catch([]).parse(text === null ? [] : parseJson(text));
}

async function remember(interfaces: readonly string[]): Promise<void> {
  await writeFile(`${SWITCHED_ON}.new`, JSON.stringify(interfaces), { mode: 0o600 });
  await rename(`${SWITCHED_ON}.new`, SWITCHED_ON);
}

/** Interfaces come and go at any moment. */
function ignoreGone(error: unknown): null {
  if (isErrno(error, "ENOENT")) return null;
  throw error;
}
