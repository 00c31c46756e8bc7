import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
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

  it("is not content with a connection that is accepted and stays open, however silent", async () => {
    const place = await listen((socket) => socket.resume());
    expect(await probeExposed(place, signal, { connectMs: 10_000, silenceMs: 100 })).toBe(true);
  });

  it("waits for a network that accepts first and closes later", async () => {
    const place = await listen((socket) => socket.once("data", () => setTimeout(() => socket.resetAndDestroy(), 300)));
    expect(await probeExposed(place, signal, { connectMs: 100, silenceMs: 10_000 })).toBe(false);
  });

  it("is content when no connection comes about in time", async () => {
    // Nobody accepts, and once the queue is full the kernel drops every further knock, as a firewall does.
    const script = `const server = require("net").createServer().listen(0, "127.0.0.1", 1, () => {
      require("fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
    const busy = spawn(process.execPath, ["--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = await once(busy.stdout, "data");
      const place = { address: "127.0.0.1", port: Number(port) };
      for (let queued = 0; queued < 2; queued += 1) {
        const socket = connect(place.port, place.address);
        sockets.push(socket);
        await once(socket, "connect");
      }
      expect(await probeExposed(place, signal, { connectMs: 300, silenceMs: 10_000 })).toBe(false);
    } finally {
      busy.kill("SIGKILL");
    }
  });

  it("does not take its own trouble for a closed door", async () => {
    // No resolver accepts such a label, so that nothing is sent anywhere.
    const place = { address: "x".repeat(64), port: 9 };
    await expect(probeExposed(place, signal)).rejects.toMatchObject({ code: "host-unreachable", retry: "later" });
  });

  it("stops on request", async () => {
    const abort = new AbortController();
    const place = await listen(() => abort.abort());
    await expect(probeExposed(place, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
    await expect(probeExposed(place, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
  });
});
