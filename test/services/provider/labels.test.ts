import { describe, expect, it } from "vitest";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import { fromLabels, type HostLabels, parseLabel, toLabels } from "../../../services/provider/labels.ts";
import { makeOperationId, parseAgentName } from "../../../src/core/names.ts";

const whole: HostLabels = {
  agents: [parseAgentName("ada-2")],
  operation: makeOperationId(Date.now(), Math.random),
  system: "debian",
  image: "0123456789abcdef-mb1t9zpd",
  hostKeyFingerprint: generateHostKey().fingerprint,
  nextHostKeyFingerprint: generateHostKey().fingerprint,
};

describe("labels", () => {
  it.each([
    whole,
    { ...whole, nextHostKeyFingerprint: null },
    { ...whole, image: null },
    { ...whole, agents: [] },
    { ...whole, agents: ["ada", "bob", "eve"].map(parseAgentName) },
  ])("come back as they were given", (labels) => {
    expect(fromLabels(toLabels(labels))).toEqual(labels);
  });

  it("are taken by every cloud, keys as well as values", () => {
    for (const text of Object.entries(toLabels(whole)).flat())
      expect(text).toMatch(/^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/);
  });

  it("of an older Creel say nothing of the system, which was Debian then", () => {
    const { "creel-system": _none, ...older } = toLabels({ ...whole, system: "something-else" });
    expect(fromLabels(older)).toEqual(whole);
  });

  it.each(["", "A", "a.b", "-a", "a-", "a b", "ä", "a".repeat(64), "a\n"])("cannot be %j", (text) => {
    expect(() => parseLabel(text)).toThrow(/cannot be a label/);
  });

  it.each([
    ["no labels", {}],
    ["somebody else's labels", { ...toLabels(whole), "managed-by": "somebody-else" }],
    ["no agent", { ...toLabels(whole), "creel-agent": "" }],
    ["no agent of one", { ...toLabels(whole), "creel-agent": undefined }],
    ["one agent of two", { ...toLabels(whole), "creel-agents": "2" }],
    ["an agent of none", { ...toLabels(whole), "creel-agents": "0" }],
    ["an agent out of order", { ...toLabels(whole), "creel-agents": "2", "creel-agent-3": "bob" }],
    ["no operation", { ...toLabels(whole), "creel-operation": "x" }],
    ["no host key", { ...toLabels(whole), "creel-host-key": undefined }],
  ])("of a machine with %s are not Creel's", (_what, labels) => {
    const present = Object.entries(labels).filter(([, value]) => value !== undefined);
    expect(fromLabels(Object.fromEntries(present) as Record<string, string>)).toBeNull();
  });
});
