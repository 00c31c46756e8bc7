import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { askRedis, isRedisIn } from "../../../src/jobs/redis-process/redis-probe.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A server that does `answer` with who connects. */
async function listening(answer: (socket: Socket, heard: string) => void): Promise<string> {
  const path = join(await temporaryFolder(), "s");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (heard) => answer(socket, String(heard)));
  }).listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return path;
}

describe("a server that is asked", () => {
  test("is heard, also in pieces, and left alone", async () => {
    const heard: string[] = [];
    const closed = Promise.withResolvers<void>();
    const path = await listening((socket, text) => {
      heard.push(text);
      socket.once("close", () => closed.resolve());
      socket.write("-LOAD");
      setImmediate(() => socket.write("ING it\r\n"));
    });
    expect(await askRedis(path, "PING")).toBe("-LOADING it");
    await closed.promise;
    expect(heard).toEqual(["PING\r\n"]);
  });

  test("may say nothing, or go without a word", async () => {
    expect(await askRedis(await listening(() => undefined), "PING", 20)).toBe(null);
    expect(await askRedis(await listening((socket) => void socket.end()), "SHUTDOWN")).toBe(null);
    expect(await askRedis(await listening((socket) => void socket.destroy()), "SHUTDOWN")).toBe(null);
  });

  test("may not be there", async () => {
    expect(await askRedis(join(await temporaryFolder(), "s"), "PING")).toBe(null);
  });
});

describe("a process", () => {
  const running = async (name: string, cwd: string) => {
    const child = spawn("bash", ["-c", `exec -a '${name}' sleep 60`], { cwd, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child, "spawn");
    return child.pid ?? 0;
  };

  test("is a Redis of the folder it works in, under each of its names", async () => {
    const [folder, other] = [await temporaryFolder(), await temporaryFolder()];
    await symlink(folder, join(other, "alias"));
    const pid = await running("redis-server *:0", folder);
    await expect.poll(() => isRedisIn(pid, folder)).toBe(true);
    expect(await isRedisIn(pid, join(other, "alias"))).toBe(true);
    expect(await isRedisIn(pid, other)).toBe(false);
    expect(await isRedisIn(pid, join(other, "nowhere"))).toBe(false);
  });

  test("is none when it is something else, or not there", async () => {
    const folder = await temporaryFolder();
    const pid = await running("another-server", folder);
    await expect.poll(() => isRedisIn(pid, folder)).toBe(false);
    expect(await isRedisIn(2 ** 30, folder)).toBe(false);
  });
});
