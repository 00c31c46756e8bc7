import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryLimits } from "../../../services/gateway/host-limits.ts";
import { hostDropIn, unitFiles } from "../../../services/gateway/install-files.ts";
import { openclawConfig } from "../../../services/gateway/openclaw-config.ts";
import { tarOf } from "../../../services/gateway/tar.ts";
import { NO_SETTINGS } from "../../../src/core/agent-settings.ts";
import { Secret } from "../../../src/core/secrets.ts";

const containerImage = "localhost/creel/openclaw:2026.9.6";

describe("the files of a gateway", () => {
  it("hold no secret", () => {
    const spec = { memoryMb: 2048, containerImage, token: new Secret("canary-token-value") };
    const files = unitFiles(spec);
    expect(files.map(({ path }) => path)).toHaveLength(3);
    expect(JSON.stringify(files)).not.toContain("canary");
  });

  it("let the gateway listen on the loopback only and take its token from memory", () => {
    const config = JSON.parse(
      openclawConfig({ port: 4711, setup: { settings: NO_SETTINGS, secrets: new Map() } }, { gatewayToken: "t" }).text,
    );
    expect(config.gateway).toMatchObject({ mode: "local", port: 4711, bind: "loopback" });
    expect(config.gateway.auth.token).toEqual({ source: "file", provider: "creel", id: "/gatewayToken" });
    expect(config.secrets.providers.creel.path).toMatch(/^\/run\//);
  });

  it("take no line of a unit file from a container image's name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const lines = (() => {
          try {
            return hostDropIn({ containerImage: text, memoryMb: 2048 }).split("\n");
          } catch (error) {
            expect(error).toMatchObject({ code: "config-invalid" });
            return [];
          }
        })();
        expect([0, 6]).toContain(lines.length);
      }),
    );
    const evil = `${containerImage}\nPodmanArgs=--privileged`;
    expect(() => hostDropIn({ containerImage: evil, memoryMb: 2048 })).toThrow();
    expect(hostDropIn({ containerImage, memoryMb: 2048 })).toContain(`Image=${containerImage}\n`);
    const digest = `ghcr.io/openclaw/openclaw@sha256:${"a".repeat(64)}`;
    expect(hostDropIn({ containerImage: digest, memoryMb: 4096 })).toContain(`Image=${digest}\n`);
  });
});

describe("memory limits", () => {
  it("leave the host and the gateway's other memory room, and reach 1.5 GB of heap from 4 GB on", () => {
    expect(memoryLimits(2048)).toEqual({ maxMb: 1792, heapMb: 1280 });
    expect(memoryLimits(4096)).toEqual({ maxMb: 3840, heapMb: 1536 });
    fc.assert(
      fc.property(fc.integer({ min: 1800, max: 1_000_000 }), (memoryMb) => {
        const { maxMb, heapMb } = memoryLimits(memoryMb);
        expect(maxMb).toBeLessThan(memoryMb);
        expect(heapMb).toBeLessThanOrEqual(maxMb - 512);
        expect(heapMb).toBeGreaterThanOrEqual(1024);
      }),
    );
  });

  it("refuse a host below 2 GB", () => {
    expect(() => memoryLimits(1024)).toThrow(expect.objectContaining({ code: "capacity" }));
  });
});

describe("tar archives", () => {
  it("are what tar reads", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,20}(?:\/[a-z.]{1,20}[a-z])?$/), fc.string()), {
          minLength: 1,
          maxLength: 5,
          selector: ([path]) => path,
        }),
        (entries) => {
          const files = entries.map(([path, content]) => ({ path, content }));
          const input = tarOf(files);
          const names = execFileSync("tar", ["-t", "-f", "-"], { input, encoding: "utf8" });
          expect(names).toBe(files.map(({ path }) => `${path}\n`).join(""));
          const bytes = execFileSync("tar", ["-x", "-O", "-f", "-"], { input });
          expect(bytes).toEqual(Buffer.concat(files.map(({ content }) => Buffer.from(content))));
        },
      ),
      { numRuns: 20 },
    );
  });
});
