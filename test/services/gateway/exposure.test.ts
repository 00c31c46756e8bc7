import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { probeExposed } from "../../../services/gateway/exposure.ts";

const signal = new AbortController().signal;
const servers: Server[] = [];
const sockets: Socket[] = [];

async function listen(onConnection: (socket: Socket) => void) {
  const server = createServer((socket) => {
    sockets.push(socket);
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { address, port } = server.address() as AddressInfo;
  return { address, port };
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

describe("the probe from outside", () => {
  it("finds whatever answers, also when it refuses", async () => {
    const place = await listen((socket) => socket.once("data", () => socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n")));
    expect(await probeExposed(place, signal)).toBe(true);
  });

  it("is content with a refused connection", async () => {
    const place = await listen(() => undefined);
    await new Promise((closed) => servers.pop()?.close(closed));
    expect(await probeExposed(place, signal)).toBe(false);
  });

  it("is content with a connection that is closed or reset without a byte", async () => {
    expect(await probeExposed(await listen((socket) => socket.end()), signal)).toBe(false);
    expect(await probeExposed(await listen((socket) => socket.resetAndDestroy()), signal)).toBe(false);
  });

  it("is content with silence, after its time", async () => {
    const place = await listen((socket) => socket.resume());
    expect(await probeExposed(place, signal, 100)).toBe(false);
  });

  it("stops on request", async () => {
    const abort = new AbortController();
    const place = await listen(() => abort.abort());
    await expect(probeExposed(place, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
    await expect(probeExposed(place, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
  });
});
