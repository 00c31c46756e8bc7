import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { toLook } from "../../../services/gateway/network.ts";
import { acceptConnections } from "../../fixtures/name-server.ts";

const SCRIPT = new URL("../../../services/gateway/network-look.mjs", import.meta.url).pathname;
const target = { host: "example.net", port: 443 };

/** The script that runs in containers, here. */
async function run(host: string, port: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, host, String(port)]);
  return JSON.parse(stdout);
}

it("is reached, or refused with what was tried", async () => {
  const listener = await acceptConnections("127.0.0.1");
  expect(await run("127.0.0.1", listener.port)).toEqual({ obstacle: null });
  await listener[Symbol.asyncDispose]();
  const refused = { obstacle: "connection", code: "ECONNREFUSED", tried: ["127.0.0.1"] };
  expect(await run("127.0.0.1", listener.port)).toEqual(refused);
});

it.each([
  [{ obstacle: "lookup", code: "ENOTFOUND", servers: ["10.0.0.2"] }, "10.0.0.2 does not know example.net"],
  [
    { obstacle: "lookup", code: "EAI_AGAIN", servers: ["10.0.0.2", "10.0.0.3"] },
    "example.net cannot be looked up: no answer from 10.0.0.2, 10.0.0.3",
  ],
  [
    { obstacle: "lookup", code: "ETIMEDOUT", servers: [] },
    "example.net cannot be looked up: no answer from any name server",
  ],
  [
    { obstacle: "connection", code: "ETIMEDOUT", tried: ["192.0.2.7"] },
    "example.net is known, but 192.0.2.7 does not answer at port 443",
  ],
  [
    { obstacle: "connection", code: "ENETUNREACH", tried: ["2001:db8::7", "2001:db8::8"] },
    "example.net is known, but 2001:db8::7 or 1 more address cannot be reached at port 443; it has only IPv6 addresses",
  ],
  [
    { obstacle: "connection", code: "ESTRANGE", tried: ["192.0.2.7"] },
    "example.net is known, but 192.0.2.7 fails (ESTRANGE) at port 443",
  ],
] as const)("%j is said in words", (answer, why) => {
  expect(toLook(answer, target)).toEqual({
    ...{ reachable: false, obstacle: answer.obstacle },
    why,
  });
});
