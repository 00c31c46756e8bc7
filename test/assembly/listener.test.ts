import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { listenerOn } from "../../src/assembly/listener.ts";
import { freePort } from "../free-port.ts";

test.each(["127.0.0.1", "::"])("a program that listens at %s is named with its process", async (address) => {
  const script = `require("node:net").createServer().listen(0, "${address}", function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(child.stdout.setEncoding("utf8"), "data");
  expect(await listenerOn(Number(port))).toBe(`node (pid ${child.pid})`);
  child.kill();
  await once(child, "exit");
  expect(await listenerOn(Number(port))).toBeNull();
});

test("a connection from a port is no listener on it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const localPort = await freePort();
  const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", localPort });
  await accepted;
  expect(await listenerOn(localPort)).toBeNull();
  client.destroy();
  server.close();
});
