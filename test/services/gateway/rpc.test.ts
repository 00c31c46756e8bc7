import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { withRpc } from "../../../services/gateway/rpc.ts";
import { Secret } from "../../../src/core/secrets.ts";

test.each([
  [
    "a gateway that starts again lets nobody in, and may do so later",
    503,
    { code: "gateway-not-ready", retry: "later" },
  ],
  ["what is no gateway is none later either", 404, { code: "gateway-rpc-failed", retry: "never" }],
])("%s", async (_, status, expected) => {
  const server = createServer().listen(0, "127.0.0.1");
  server.on("upgrade", (_request, socket) => {
    const body = "Gateway websocket admission closed";
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const shell = { dial: async () => connect(port, "127.0.0.1") };
  const asked = withRpc({ shell, port, token: new Secret("canary") }, async () => expect.fail("It let us in."));
  await expect(asked).rejects.toMatchObject(expected);
  server.closeAllConnections();
  server.close();
});
