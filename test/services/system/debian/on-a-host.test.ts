import { describe, expect, it } from "vitest";
import type { RunResult } from "../../../../services/host-shell/host-shell.ts";
import { createMemoryHostShells, type MemoryHostShellsOptions } from "../../../../services/host-shell/memory.ts";
import { debian } from "../../../../services/system/debian/debian.ts";
import { OpsError } from "../../../../src/core/errors.ts";
import { hostCalled } from "../../gateway/host.ts";

const never = new AbortController().signal;
const host = hostCalled("ada-abcdef");
const DISABLED = "/etc/cloud/cloud-init.disabled";
const WELL = { extended_status: "done", errors: [], recoverable_errors: {} };
const stage = { errors: [], recoverable_errors: {}, finished: 1.5 };
const clean = { "init-local": stage, init: stage, "modules-config": stage, "modules-final": stage };

type Programs = NonNullable<MemoryHostShellsOptions["programs"]>;

/** A host whose programs say what Debian's would. `status` is cloud-init's own answer. */
async function debianHost(programs: Programs = {}, status: object = WELL) {
  const shells = createMemoryHostShells({
    find: async () => host,
    programs: {
      "creel-first-boot": () => ({ exitCode: 1 }),
      "cloud-init": () => ({ stdout: `....${JSON.stringify(status)}\n` }),
      "creel-seal": (machine, [path = "", text = ""]) => {
        machine.files.set(path, `${text}\n`);
        return {};
      },
      ...programs,
    },
  });
  const shell = await shells.connect(host);
  const machine = shells.machine(host.name);
  if (machine === null) throw new Error("There is no machine.");
  return { shell, machine, timesRun: (name: string) => machine.argvSeen.filter((argv) => argv.includes(name)).length };
}

describe("the first boot of a Debian host", () => {
  it("is over for good: cloud-init is switched off, and that is taken for done from then on", async () => {
    const { shell, machine, timesRun } = await debianHost({
      "creel-first-boot": ({ files }) => ({ stdout: files.get(DISABLED) ?? "" }),
    });
    await debian.settle(shell, never);
    expect(machine.files.get(DISABLED)).toContain("happens once");
    await debian.settle(shell, never);
    expect([timesRun("creel-first-boot"), timesRun("cloud-init")]).toEqual([2, 1]);
  });

  it.each([
    ["errors", { ...WELL, extended_status: "error", errors: ["('ssh', boom)"] }, ["('ssh', boom)"]],
    ["recoverable errors", { ...WELL, recoverable_errors: { WARNING: ["no such user"] } }, ["no such user"]],
    ["another end than done", { ...WELL, extended_status: "error" }, []],
  ])("that had %s has failed", async (_what, status, evidence) => {
    const { shell, machine } = await debianHost({}, status);
    await expect(debian.settle(shell, never)).rejects.toMatchObject({ code: "first-boot-failed", evidence });
    expect(machine.files.has(DISABLED)).toBe(false);
  });

  it.each([
    ["is clean", clean, 0],
    ["complains", { ...clean, init: { ...stage, recoverable_errors: { WARNING: ["no such user"] } } }, 1],
    ["has no end", { ...clean, "modules-final": { ...stage, finished: null } }, 1],
  ])("is asked of cloud-init itself unless its record is clean: one that %s", async (_what, v1, asked) => {
    const record = JSON.stringify({ v1: { ...v1, datasource: "x", stage: null } });
    const { shell, timesRun } = await debianHost({ "creel-first-boot": () => ({ stdout: record }) });
    await debian.settle(shell, never);
    expect(timesRun("cloud-init")).toBe(asked);
  });

  it("has failed when it hangs or says nothing, and is asked again when it was cut off", async () => {
    const hang = () => {
      throw new OpsError({ code: "timed-out", userMessage: "It did not end." });
    };
    const hanging = await debianHost({ "creel-first-boot": hang });
    await expect(debian.settle(hanging.shell, never)).rejects.toMatchObject({ code: "first-boot-failed" });
    const mute = (exitCode: number): Programs => ({ "cloud-init": () => ({ exitCode, stdout: "?" }) });
    for (const [exitCode, retry] of [
      [1, "never"],
      [143, "later"],
    ] as const) {
      const { shell } = await debianHost(mute(exitCode));
      await expect(debian.settle(shell, never)).rejects.toMatchObject({ code: "first-boot-failed", retry });
    }
  });
});

describe("a Debian host", () => {
  const says = (program: string, result: Partial<RunResult>) => debianHost({ [program]: () => result });

  it.each([
    ["initializing", false],
    ["starting", false],
    ["running", false],
    ["degraded", false],
    ["maintenance", false],
    ["stopping", true],
    ["offline", true],
    ["", true],
  ])("whose systemd says %j is ending: %s", async (state, ending) => {
    const { shell } = await says("systemctl", { stdout: `${state}\n`, exitCode: state === "running" ? 0 : 1 });
    expect(await debian.isEnding(shell)).toBe(ending);
  });

  it.each([
    ["active\nsuccess\nnone\n", { trouble: null, rebootNeeded: false }],
    ["active\nsuccess\nreboot\n", { trouble: null, rebootNeeded: true }],
    ["inactive\nsuccess\nnone\n", { trouble: expect.stringContaining("timer is inactive"), rebootNeeded: false }],
    ["active\nexit-code\nnone\n", { trouble: expect.stringContaining("failed (exit-code)"), rebootNeeded: false }],
  ])("that answers %j keeps itself up to date: %j", async (stdout, upkeep) => {
    const { shell } = await says("creel-upkeep", { stdout });
    expect(await debian.upkeep(shell)).toEqual(upkeep);
  });

  it("that answers nothing of its updates is told as that", async () => {
    const { shell } = await says("creel-upkeep", { stdout: "what\n" });
    await expect(debian.upkeep(shell)).rejects.toMatchObject({ code: "host-command-failed", evidence: ["what"] });
  });

  it("that does not name its new host key is not believed", async () => {
    const { shell } = await says("creel-host-key", { stdout: "SHA256:short\n" });
    await expect(debian.prepareHostKey(shell)).rejects.toMatchObject({ code: "host-command-failed" });
  });
});
