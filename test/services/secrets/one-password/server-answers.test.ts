import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sdkClient } from "../../../../services/secrets/one-password/sdk-client.ts";
import { onePasswordTraffic } from "../../../../services/secrets/one-password/traffic.ts";
import { Secret, type SecretRef } from "../../../../src/core/secrets.ts";
import { serviceAccountToken } from "../../../fixtures/one-password/account.ts";

const REF = "op://agents/ada/token" as SecretRef;

/** The SDK with its real core, which speaks to a server that cannot be one of 1Password's: as far as one gets without its encryption. */
describe("what 1Password's server answers to the SDK", () => {
  let folder: string;
  let server: ReturnType<typeof createServer>;
  let asked: string[];
  let answer: { status: number; retryAfter?: string } | "nothing";
  const usual = getCACertificates("default");

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "creel-1password-"));
    const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")];
    execFileSync("openssl", ["req", ...kind, ...files, ...names], { stdio: "ignore" });
    setDefaultCACertificates([...usual, readFileSync(join(folder, "certificate.pem"), "utf8")]);
  });
  afterAll(() => {
    setDefaultCACertificates(usual);
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    asked = [];
    answer = { status: 200 };
    const [key, cert] = ["key.pem", "certificate.pem"].map((name) => readFileSync(join(folder, name)));
    server = createServer({ key, cert }, (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (answer === "nothing") return;
      const { status, retryAfter } = answer;
      response.writeHead(status, {
        "content-type": "application/json",
        ...(retryAfter !== undefined && { "retry-after": retryAfter }),
      });
      response.end(JSON.stringify({ errorCode: status, errorMessage: "canary of a server" }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** In the form of a real one; with nothing that anybody could log in with. */
  const token = (port: number) =>
    serviceAccountToken({
      signInAddress: `127.0.0.1:${port}`,
      userAuth: { method: "SRPg-4096", alg: "PBES2g-HS256", iterations: 650_000, salt: "AAAAAAAAAAAAAAAAAAAAAA" },
      email: "canary@1passwordserviceaccounts.com",
      srpX: "a".repeat(64),
      muk: { alg: "A256GCM", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"], kty: "oct", kid: "mp" },
      secretKey: "A3-ABCDEF-ABCDEF-ABCDE-ABCDE-ABCDE-ABCDE",
      throttleSecret: { seed: "a".repeat(64), uuid: "A".repeat(26) },
      deviceUuid: "a".repeat(26),
    });
  function port(): number {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server is not listening.");
    return address.port;
  }
  async function failure(text = token(port()), answerTimeoutMs = 20_000) {
    const client = sdkClient({ token: async () => new Secret(text), answerTimeoutMs });
    const failed: unknown = await client.readAll([REF]).catch((error: unknown) => error);
    const said = JSON.stringify(failed, Object.getOwnPropertyNames(failed));
    for (const secret of ["canary", text]) expect(said).not.toContain(secret);
    return failed;
  }

  it.each([401, 403])("a refusal of the token: %i", async (status) => {
    answer = { status };
    const refused = /does not take the token/;
    expect(await failure()).toMatchObject({ retry: "never", userMessage: expect.stringMatching(refused) });
    expect(asked).toEqual(["POST /api/v3/auth/start"]);
  });

  it("a wait, with how long", async () => {
    answer = { status: 429, retryAfter: "77" };
    const waits = { retry: "later", retryAfterMs: 77_000, userMessage: expect.stringMatching(/asks to wait/) };
    expect(await failure()).toMatchObject(waits);
  });

  it.each([500, 503])("trouble of its own: %i", async (status) => {
    answer = { status };
    expect(await failure()).toMatchObject({ retry: "later", userMessage: expect.stringContaining(`HTTP ${status}`) });
  });

  it("nothing", async () => {
    answer = "nothing";
    const silent = { retry: "later", userMessage: expect.stringMatching(/no answer within 0.5 s/) };
    expect(await failure(undefined, 500)).toMatchObject(silent);
  });

  it("not at all", async () => {
    const closed = port();
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(token(closed))).toMatchObject({
      retry: "later",
      userMessage: expect.stringMatching(/cannot be reached/),
    });
  });

  it("something that is not 1Password", async () => {
    expect(await failure()).toMatchObject({ retry: "never", userMessage: expect.stringMatching(/does not take/) });
  });

  it("counts requests of the SDK, and of nobody else", async () => {
    const before = onePasswordTraffic().requests;
    await failure();
    await fetch(`https://127.0.0.1:${port()}/`);
    expect(onePasswordTraffic().requests - before).toBe(1);
  });
});
