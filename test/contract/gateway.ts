import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway, GatewaySpec } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { OpsError } from "../../src/core/errors.ts";

export interface GatewayUnderTest extends AsyncDisposable {
  readonly gateway: Gateway;
  /** A host without a gateway, to which `spec` fits. */
  readonly shell: HostShell;
  readonly spec: GatewaySpec;
  /** Returns when something has changed that makes another look worth while. */
  pause(): Promise<void>;
}

/** Holds for every gateway. The tests of one run share a host and build on each other, because a host costs seconds. */
export function gatewayContract(name: string, make: () => Promise<GatewayUnderTest>): void {
  describe(`${name}: gateway contract`, () => {
    let under: GatewayUnderTest;
    const signal = new AbortController().signal;

    beforeAll(async () => {
      under = await make();
    });
    afterAll(async () => {
      await under[Symbol.asyncDispose]();
    });

    async function untilReady(): Promise<void> {
      for (;;) {
        try {
          return await under.gateway.checkReady(under.shell, under.spec.port, signal);
        } catch (error) {
          if (!(error instanceof OpsError) || error.code !== "gateway-not-ready") throw error;
          await under.pause();
        }
      }
    }

    it("says absent before anything was installed", async () => {
      const { gateway, shell, spec } = under;
      const absent = {
        state: "absent",
        version: null,
        startedAtMs: null,
        memoryBytes: null,
        restarts: 0,
        channels: null,
      };
      expect(await gateway.health(shell, spec.port)).toEqual({
        ...absent,
        note: expect.stringContaining("not installed"),
      });
      expect(await gateway.logs(shell, 10)).toEqual([]);
      await gateway.stop(shell, signal);
      await expect(gateway.start(shell, signal)).rejects.toMatchObject({ code: "host-command-failed" });
      const look = gateway.checkReady(shell, spec.port, signal);
      await expect(look).rejects.toMatchObject({ code: "gateway-not-ready", retry: "later" });
    });

    it("does not start anything by being installed, once or twice", async () => {
      const { gateway, shell, spec } = under;
      await gateway.install(shell, spec, signal);
      await gateway.install(shell, spec, signal);
      expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "stopped", note: expect.any(String) });
      const look = gateway.checkReady(shell, spec.port, signal);
      await expect(look).rejects.toMatchObject({ code: "gateway-not-ready", retry: "later" });
    });

    it("starts, becomes ready and gives its bearer every scope", async () => {
      const { gateway, shell, spec } = under;
      await gateway.start(shell, signal);
      const look = gateway.checkReady(shell, spec.port, signal);
      await expect(look).rejects.toMatchObject({ code: "gateway-not-ready", retry: "later" });
      await untilReady();
      const access = await gateway.checkAccess(shell, spec.port, signal);
      expect(access.version).toMatch(/^\d{4}\.\d+\.\d+/);
      expect([...access.scopes].sort()).toEqual(
        ["operator.admin", "operator.pairing", "operator.read", "operator.write"].sort(),
      );
      const health = await gateway.health(shell, spec.port);
      expect(health).toMatchObject({ state: "ready", version: access.version, restarts: 0, note: null });
      expect(health.memoryBytes).toBeGreaterThan(1_000_000);
      expect(await gateway.logs(shell, 1)).toHaveLength(1);
    });

    it("says that an agent without a model cannot answer, and has no channels", async () => {
      const { gateway, shell, spec } = under;
      const turn = { message: "Who are you?", key: "contract-1" };
      const asked = gateway.talk.ask(shell, spec.port, turn, signal);
      await expect(asked).rejects.toMatchObject({ code: "agent-cannot-answer" });
      expect(await gateway.talk.channels(shell, spec.port, signal)).toEqual([]);
    });

    it("looks at the network from where it runs", async () => {
      const { gateway, shell, spec } = under;
      // Every container knows this name, and the gateway itself listens there.
      const itself = { host: "localhost", port: spec.port };
      expect(await gateway.lookOutside(shell, itself, signal)).toEqual({ reachable: true });
    });

    it("has no page unless it was given one", async () => {
      const { gateway, shell, spec } = under;
      expect(await gateway.talk.page(shell, spec.port, signal)).toBeNull();
    });

    it("leaves a running gateway alone when it is installed and started again", async () => {
      const { gateway, shell, spec } = under;
      const before = await gateway.health(shell, spec.port);
      await gateway.install(shell, spec, signal);
      await gateway.start(shell, signal);
      await gateway.checkReady(shell, spec.port, signal);
      expect((await gateway.health(shell, spec.port)).startedAtMs).toBe(before.startedAtMs);
    });

    it("stops, twice, and comes back with the same access", async () => {
      const { gateway, shell, spec } = under;
      await gateway.stop(shell, signal);
      await gateway.stop(shell, signal);
      const outside = gateway.lookOutside(shell, { host: "localhost", port: spec.port }, signal);
      await expect(outside).rejects.toMatchObject({ code: "host-command-failed" });
      expect(await gateway.health(shell, spec.port)).toMatchObject({
        state: "stopped",
        startedAtMs: null,
        version: null,
      });
      expect(
        await gateway.repair(shell, { ...spec, token: async () => spec.token, setup: async () => spec.setup }, signal),
      ).toEqual([]);
      await gateway.start(shell, signal);
      await untilReady();
      await gateway.checkAccess(shell, spec.port, signal);
      expect(await gateway.resumeChannels(shell, spec.port, signal)).toEqual([]);
    });
  });
}
