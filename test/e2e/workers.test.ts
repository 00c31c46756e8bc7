import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseOperationId } from "../../src/core/names.ts";
import { isEnded, type Operation } from "../../src/core/operation.ts";
import { Secret } from "../../src/core/secrets.ts";
import { freePort } from "../free-port.ts";
import { canRunHosts, type Installation, installCreel } from "./creel.ts";
import { hasReached, until } from "./observe.ts";

const PASSWORD = "an-acl-password-for-tests";

/** Grows whenever a step is begun, also again. */
const triesOf = ({ steps }: Operation) => steps.reduce((sum, { attempts }) => sum + attempts, 0);

/** `creel bot` and two `creel worker`s as processes of their own, on a Redis with TLS and an ACL user. */
describe.runIf(canRunHosts())("bot and workers apart", () => {
  const folder = mkdtempSync(join(tmpdir(), "creel-redis-"));
  let redis: ChildProcess;
  let port: number;
  let url: string;
  let ca: string;
  let creel: Installation;

  beforeAll(async () => {
    port = await freePort();
    const acl = join(folder, "users.acl");
    writeFileSync(acl, `user default off\nuser creel on >${PASSWORD} ~* &* +@all\n`, { mode: 0o600 });
    const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const selfSigned = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    execFileSync("openssl", [...selfSigned, ...names, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    ca = readFileSync(certificate, "utf8");
    const tls = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
    const listen = ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no", "--bind", "127.0.0.1"];
    const options = [...listen, ...tls, "--dir", folder, "--aclfile", acl];
    const durable = [
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
      "--maxmemory-policy",
      "noeviction",
      "--save",
      "",
    ];
    redis = spawn("redis-server", [...options, ...durable], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const text of redis.stdout ?? []) if (String(text).includes("Ready to accept")) break;
    url = `rediss://127.0.0.1:${port}`;
    creel = installCreel(
      `redis:\n  url: rediss://creel@127.0.0.1:${port}\n  password: env:REDIS_PASSWORD\n  ca: ${certificate}\n`,
      { REDIS_PASSWORD: PASSWORD },
    );
  });
  afterAll(async () => {
    await creel[Symbol.asyncDispose]();
    const ended = once(redis, "exit");
    redis.kill();
    await ended;
    rmSync(folder, { recursive: true });
  });

  const address = () => ({ url, username: "creel", password: new Secret(PASSWORD), ca });

  it("hand a deploy from a worker that was killed to another one, and the bot sees it through", async () => {
    const first = creel.start("worker");
    await first.printed(/creel worker: ready/);
    const bot = creel.start("bot");
    bot.type("/deploy name:ada");
    const id = parseOperationId((await bot.printed(/operation ([0-9a-z]{16})/))[1] ?? "");
    await until(address(), id, hasReached("create"));
    // Ready before it is needed: it must not miss what it is to take over.
    const second = creel.start("worker");
    await second.printed(/creel worker: ready/);
    await until(address(), id, hasReached("install"));
    await first.kill();
    const killedMs = Date.now();
    const left = await until(address(), id, () => true);
    await until(address(), id, (operation) => triesOf(operation) > triesOf(left));
    expect(Date.now() - killedMs).toBeLessThan(30_000);
    const resumed = await until(address(), id, hasReached("launch"));
    expect(resumed.state).toBe("running");
    expect(await until(address(), id, isEnded)).toMatchObject({ state: "succeeded" });

    bot.type("/status agent:ada");
    bot.type("/destroy agent:ada confirm:ada");
    const { exitCode, output } = await bot.end();
    expect(exitCode, output).toBe(0);
    expect(output.match(/Deployed ada in/g)).toHaveLength(1);
    expect(output).toMatch(/ada is ready/);

    second.process.kill("SIGTERM");
    expect((await second.end()).exitCode).toBe(0);
    expect(creel.transcript()).not.toContain(PASSWORD);
  });

  it("never take hosts of another state folder for gone; what is about them waits for a worker there", async () => {
    await using other = installCreel(
      `redis:\n  url: rediss://creel@127.0.0.1:${port}\n  password: env:REDIS_PASSWORD\n  ca: ${join(folder, "cert.pem")}\n`,
      { REDIS_PASSWORD: PASSWORD },
    );
    const mine = creel.start("worker");
    await mine.printed(/creel worker: ready/);
    const bot = creel.start("bot");
    bot.type("/deploy name:bob");
    await bot.printed(/Deployed bob in/);
    mine.process.kill("SIGTERM");
    await mine.end();

    const theirs = other.start("worker");
    await theirs.printed(/creel worker: ready/);
    bot.type("/destroy agent:bob confirm:bob");
    const id = parseOperationId((await bot.printed(/Removing bob[\s\S]*?operation ([0-9a-z]{16})/))[1] ?? "");
    const waiting = await until(address(), id, ({ waitingFor }) => waitingFor !== null);
    expect(waiting).toMatchObject({
      state: "queued",
      waitingFor: expect.stringMatching(/^a worker at local@.+; none runs there now$/),
    });

    // Both of them up: it gets to the one that can do it.
    const again = creel.start("worker");
    await again.printed(/creel worker: ready/);
    await bot.printed(/Removed bob in/);
    for (const worker of [theirs, again]) {
      worker.process.kill("SIGTERM");
      await worker.end();
    }
    expect((await bot.end()).exitCode).toBe(0);
  });

  it("say what is missing when there is no Redis to share", async () => {
    await using alone = installCreel();
    const { exitCode, output } = await alone.start("worker").end();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/redis\.url is not set/);
  });
});
