import { describe, expect, it } from "vitest";
import { channelsHeldBackBy, lookAtChannels, startHeldBack } from "../../../services/gateway/channels.ts";
import { rpcFailed } from "../../../services/gateway/failures.ts";
import { stateOf, troubleWith } from "../../../services/gateway/health.ts";
import type { Readiness } from "../../../services/gateway/readiness.ts";
import { unit } from "./unit.ts";

const well = { freeBytes: 1e9, hasFreeFiles: true, isWritable: true, hasSecrets: true, uptimeMs: 80_000 };
const refusal = rpcFailed("it refused the connection");
const ready: Readiness = { ready: true };
const waits: Readiness = { ready: false, why: "it waits for channels", foreign: false };
const failed = { ActiveState: "failed", SubState: "failed", Result: "exit-code" };

describe("a gateway that is down, or only looks well", () => {
  it.each([
    ["is not installed", { LoadState: "not-found", ActiveState: "inactive" }, {}, "absent", "not installed"],
    ["was stopped", { ActiveState: "inactive", SubState: "dead" }, {}, "stopped", "was stopped, or has ended"],
    ["lost its secrets", { ActiveState: "inactive" }, { hasSecrets: false }, "stopped", "secrets are not in"],
    ["has no room", { ActiveState: "inactive" }, { freeBytes: 4096 }, "stopped", "disk is full"],
    ["has room for no file", { ActiveState: "inactive" }, { hasFreeFiles: false }, "stopped", "disk is full"],
    [
      "was killed too often",
      { ...failed, ExecMainStatus: "137", NRestarts: "4" },
      {},
      "crashed",
      "it was killed, 5 times",
    ],
    ["ended with an error", { ...failed, ExecMainStatus: "1" }, {}, "crashed", "exit status 1"],
    ["aborted", { ...failed, ExecMainStatus: "134" }, {}, "crashed", "it aborted"],
    ["cannot be begun by Podman", { ...failed, ExecMainStatus: "125" }, {}, "crashed", "Podman on the host cannot"],
    ["was killed for its memory", { ...failed, Result: "oom-kill" }, {}, "crashed", "killed for its memory"],
    ["did not come up", { ...failed, Result: "timeout" }, {}, "crashed", "did not come up in time"],
    ["refuses its settings", { ...failed, ExecMainStatus: "78" }, {}, "config-invalid", "its configuration"],
    ["is being stopped", { ActiveState: "deactivating" }, {}, "draining", "finishes what it is doing"],
    [
      "is between two starts",
      { ActiveState: "activating", SubState: "auto-restart", Result: "success" },
      {},
      "starting",
      "started again",
    ],
    ["is being started", { ActiveState: "activating", SubState: "start" }, {}, "starting", "being started"],
    ["comes up", {}, {}, "starting", "waits for channels"],
    ["is up for long", {}, { uptimeMs: 600_000 }, "unready", "waits for channels"],
  ] as const)("%s: its state and its cause", async (_title, fields, around, state, words) => {
    const asked = { heldBack: [], refusal: null };
    const seen = { unit: unit(fields), readiness: waits, surroundings: { ...well, ...around }, ...asked };
    expect(stateOf(seen.unit, seen.readiness, seen.surroundings)).toBe(state);
    const trouble = await troubleWith(seen, async () => ["the last line"]);
    expect(trouble?.userMessage).toContain(words);
  });

  it.each([
    ["well", {}, [], null],
    ["without room", { freeBytes: 0 }, [], "disk is full"],
    ["without room for another file", { hasFreeFiles: false }, [], "disk is full"],
    ["on a disk that can only be read", { isWritable: false }, [], "Nothing can be written"],
    ["without the secrets of its next start", { hasSecrets: false }, [], "secrets are not in"],
    ["without its channels", {}, ["telegram", "discord"], "not started telegram, discord again"],
  ] as const)("that is ready is %s", async (_title, around, heldBack, words) => {
    const seen = { unit: unit(), readiness: ready, surroundings: { ...well, ...around }, heldBack, refusal: null };
    expect(stateOf(seen.unit, seen.readiness, seen.surroundings)).toBe("ready");
    const trouble = await troubleWith(seen, () => Promise.reject(new Error("not needed")));
    if (words === null) expect(trouble).toBeNull();
    else expect(trouble?.userMessage).toContain(words);
  });

  it("that is ready and cannot be spoken to is not well", async () => {
    const seen = { unit: unit(), readiness: ready, surroundings: well, heldBack: [], refusal };
    expect(await troubleWith(seen, async () => [])).toBe(refusal);
    const unsecret = { ...seen, surroundings: { ...well, hasSecrets: false } };
    expect((await troubleWith(unsecret, async () => []))?.code).toBe("secret-unavailable");
  });

  it.each([
    ["openclaw-gateway.service: A process of this unit has been killed by the OOM killer.", "137", "out of memory"],
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "134", "out of memory"],
    ["Startup failed: required secrets are unavailable.", "1", "secrets are not in"],
    ["Startup failed: required secrets are unavailable.", "78", "secrets are not in"],
  ])("is told by its log: %s", async (line, status, words) => {
    const seen = {
      unit: unit({ ...failed, ExecMainStatus: status }),
      readiness: null,
      surroundings: well,
      heldBack: [],
      refusal: null,
    };
    expect((await troubleWith(seen, async () => [line]))?.userMessage).toContain(words);
  });
});

describe("channels that were not started", () => {
  const lastError = "gateway restart-loop breaker tripped: 3 unclean boot(s) within 300000ms; suppressing …";
  const channelAccounts = {
    telegram: [{ accountId: "default", running: false, lastError }],
    discord: [{ accountId: "default", running: false, lastError: "Invalid token" }],
    matrix: [{ accountId: "default", running: true, lastError }],
  };
  function session(answer: unknown) {
    const calls: unknown[] = [];
    const call = async (method: string, params: unknown) => {
      calls.push([method, params]);
      return answer;
    };
    return { calls, hello: { version: "2026.9.6", scopes: [] }, call };
  }

  it("are those that the gateway holds back, and no others", async () => {
    expect(await channelsHeldBackBy(session({ channelAccounts }))).toEqual(["telegram"]);
    expect(await channelsHeldBackBy(session({ unknown: true }))).toEqual([]);
  });

  it("are asked for once, together with how all of them are", async () => {
    const here = session({ channelAccounts });
    const { looks, heldBack } = await lookAtChannels(here);
    expect(heldBack).toEqual(["telegram"]);
    expect(looks?.map(({ channel }) => channel)).toEqual(["discord", "matrix", "telegram"]);
    expect(here.calls).toEqual([["channels.status", {}]]);
    expect(await lookAtChannels(session({ unknown: true }))).toEqual({ looks: null, heldBack: [] });
    expect(await lookAtChannels(session({ channelAccounts: {} }))).toEqual({ looks: [], heldBack: [] });
  });

  it.each([
    [4014, "Privileged Gateway Intents"],
    [4004, "does not take its token"],
    [4000, "Gateway websocket closed"],
  ])("say what Discord closed the connection for: %i", async (status, words) => {
    const lastError = `Gateway websocket closed: ${status}`;
    const discord = [{ running: false, connected: false, lastError, lastDisconnect: { at: 1, status } }];
    const { looks } = await lookAtChannels(session({ channelAccounts: { discord } }));
    expect(looks).toEqual([{ channel: "discord", state: "failed", bot: null, why: expect.stringContaining(words) }]);
    const blocked = [{ connected: false, lifecycle: "blocked", lastDisconnect: { at: 1, status: 4014 } }];
    const later = await lookAtChannels(session({ channelAccounts: { discord: blocked } }));
    expect(later.looks).toMatchObject([
      { state: "failed", why: expect.stringContaining("Privileged Gateway Intents") },
    ]);
  });

  it("are started by hand", async () => {
    const here = session({ channelAccounts });
    expect(await startHeldBack(here)).toEqual(["telegram"]);
    expect(here.calls).toEqual([
      ["channels.status", {}],
      ["channels.start", { channel: "telegram" }],
    ]);
  });
});
