import { expect, it } from "vitest";
import { createMemoryHostShells } from "../../services/host-shell/memory.ts";
import { createMemoryProvider } from "../../services/provider/memory.ts";
import { createMemorySystem } from "../../services/system/memory.ts";
import { OpsError } from "../../src/core/errors.ts";
import { connectionTo } from "../../src/operations/connection.ts";
import { specFor } from "../contract/host-spec.ts";

const never = new AbortController().signal;

async function connectionWhere(isEnding: boolean) {
  const provider = createMemoryProvider();
  const host = await provider.create(await specFor(provider, "ada"), never);
  const shells = createMemoryHostShells({
    find: (name) => provider.find(name),
    programs: {
      podman: () => ({ exitCode: 125, stderr: "container engine says no\n" }),
    },
  });
  const system = createMemorySystem({ isEnding: () => isEnding });
  return connectionTo({ host, provider, system, connect: (options) => shells.connect(host, options) }, () => 0);
}

const failing = (connection: Awaited<ReturnType<typeof connectionWhere>>) =>
  connection.use(never, (shell) => shell.check(["podman", "run"]));

it("a command that fails because the host is shutting down is told as that, and may be tried again", async () => {
  const connection = await connectionWhere(true);
  await expect(failing(connection)).rejects.toMatchObject({
    code: "host-unreachable",
    retry: "later",
    userMessage: expect.stringContaining("shutting down"),
    evidence: expect.arrayContaining([expect.stringContaining("container engine says no")]),
  });
});

it("a command that fails on a host that stays up is told as it is", async () => {
  const connection = await connectionWhere(false);
  await expect(failing(connection)).rejects.toMatchObject({ code: "host-command-failed", retry: "never" });
});

it("what is no failed command is not asked about", async () => {
  const connection = await connectionWhere(true);
  const refused = new OpsError({ code: "gateway-not-ready", userMessage: "not yet", retry: "later" });
  await expect(
    connection.use(never, async () => {
      throw refused;
    }),
  ).rejects.toBe(refused);
});

it("an attempt that failed is followed by another one, whatever it failed of", async () => {
  const provider = createMemoryProvider();
  const host = await provider.create(await specFor(provider, "ada"), never);
  let busy = true;
  const faults = () => {
    if (busy) throw new OpsError({ code: "provider-failed", userMessage: "Too many requests.", retry: "later" });
  };
  const shells = createMemoryHostShells({ find: (name) => provider.find(name), faults });
  const connect = () => shells.connect(host);
  const connection = connectionTo({ host, provider, system: createMemorySystem(), connect }, () => 0);
  const asked = () => connection.use(never, async (shell) => shell.hostKeyFingerprint);
  await expect(asked()).rejects.toMatchObject({ code: "provider-failed" });
  busy = false;
  expect(await asked()).toBe(host.hostKeyFingerprint);
});
