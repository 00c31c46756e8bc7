import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Upkeep } from "../../services/system/system.ts";
import { renderFindings } from "../../src/channels/render/fleet.ts";
import type { Finding } from "../../src/core/finding.ts";
import type { Host } from "../../src/core/host.ts";
import { Secret, type SecretRef } from "../../src/core/secrets.ts";
import { type CheckedParts, checks } from "../../src/fleet/checks.ts";
import { diagnose } from "../../src/fleet/doctor.ts";
import { lookAtPeople, type WhoMay } from "../../src/fleet/people.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { imageBuild } from "../../src/operations/image-build.ts";
import { parseSettings, readerOf } from "../../src/settings.ts";
import { people } from "../desk/world.ts";
import { ask, run } from "../operations/crash-points.ts";
import { ada, createWorld, type WorldOptions } from "../operations/world.ts";

function parts(fields: Partial<CheckedParts> = {}): CheckedParts {
  const folder = mkdtempSync(join(tmpdir(), "creel-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    ...{ stateDir: folder, cacheDir: folder, configFile: null, secrets: [], workspaces: [] },
    ...{ chats: [], features: [] },
    checkSettings: () => undefined,
    makeFolder: () => undefined,
    resolve: async () => new Secret("unused"),
    lookAtStore: async () => ({ findings: [], running: null, stranded: [] }),
    ports: createWorld().services,
    people: who(),
    ...fields,
  };
}

function who(fields: Partial<WhoMay> = {}): WhoMay {
  const authority = { owners: people({ terminal: ["mo"] }), operators: people({}) };
  return { ...{ authority, user: "mo", chats: [], alerts: [] }, ...fields };
}

it("doctor reads every secret and prints none, not even when it cannot be read", async () => {
  const value = "correct-horse-battery-staple";
  const refs = ["env:GOOD", "env:BAD"] as SecretRef[];
  const asked: SecretRef[] = [];
  const findings = await diagnose(
    checks(
      parts({
        secrets: refs.map((ref) => ({ setting: `setting of ${ref}`, ref })),
        async resolve(ref) {
          asked.push(ref);
          if (ref === "env:BAD") throw new Error("It is not there.");
          return new Secret(value);
        },
      }),
    ),
  );
  expect(asked).toEqual(refs);
  expect(findings).toContainEqual(expect.objectContaining({ subject: "setting of env:GOOD", verdict: "ok" }));
  expect(findings).toContainEqual(expect.objectContaining({ subject: "setting of env:BAD", verdict: "problem" }));
  expect(JSON.stringify(findings)).not.toContain(value);
});

it.each<[string, Partial<WhoMay>, RegExp]>([
  ["whoever runs Creel is nobody to it", { user: "root" }, /root runs Creel and may not give it commands here/],
  [
    "nobody in a chat may do anything",
    { chats: ["discord"], alerts: ["discord"] },
    /Creel is in Discord, and nobody there/,
  ],
  [
    "only operators are in a chat",
    {
      ...{ chats: ["telegram"], alerts: ["telegram"] },
      authority: { owners: people({ terminal: ["mo"] }), operators: people({ telegram: ["7"] }) },
    },
    /Creel is in Telegram, and only operators/,
  ],
  [
    "people are named in a chat where Creel is not",
    { authority: { owners: people({ terminal: ["mo"], telegram: ["7"] }), operators: people({}) } },
    /People of Telegram are named, and Creel is not there/,
  ],
  [
    "nobody would hear of an agent that is down",
    {
      chats: ["telegram"],
      authority: { owners: people({ terminal: ["mo"], telegram: ["7"] }), operators: people({}) },
    },
    /there is no place for alerts/,
  ],
])("doctor says when %s", (_what, fields, seen) => {
  expect(lookAtPeople(who(fields))).toEqual([
    { subject: "people", verdict: "warning", seen: expect.stringMatching(seen), fix: expect.stringMatching(/\.$/) },
  ]);
  expect(lookAtPeople(who())).toMatchObject([{ verdict: "ok" }]);
});

async function deployed(options: WorldOptions = {}) {
  const world = createWorld(options);
  const definition = deployOperation(world.services);
  await run(definition, ask(definition, { name: "ada", provider: null, region: null, size: null }, ada));
  const [host] = await world.provider.list();
  if (!host) throw new Error("There is no host.");
  return { ...world, host };
}

const about = (findings: readonly Finding[], subject: string) =>
  findings.filter((finding) => finding.subject === subject);

it("doctor names hosts that no agent in the list has, and how to get them back", async () => {
  const { services, host } = await deployed();
  const hostsWith = async (stranded: readonly Host[]) => {
    const lookAtStore = async () => ({ findings: [], running: null, stranded });
    return about(await diagnose(checks(parts({ ports: services, lookAtStore }))), "hosts");
  };
  expect(await hostsWith([])).toMatchObject([{ verdict: "ok" }]);
  expect(await hostsWith([host])).toMatchObject([
    { verdict: "problem", seen: expect.stringContaining(host.name), fix: expect.stringContaining("creel adopt") },
  ]);
});

it("doctor tells whose host gets no security updates by itself, or wants a reboot", async () => {
  const updatesOf = async (upkeep: Upkeep) => {
    const { services } = await deployed({ system: { upkeep: () => upkeep } });
    return (await diagnose(checks(parts({ ports: services })))).filter(({ subject }) => subject.startsWith("updates"));
  };
  const well = { trouble: null, rebootNeeded: false };
  expect(await updatesOf(well)).toMatchObject([{ subject: "updates of agents", verdict: "ok" }]);
  const off = await updatesOf({ ...well, trouble: "the.timer is inactive." });
  const saying = (text: string) => [
    { subject: "updates of ada", verdict: "warning", seen: expect.stringContaining(text), fix: expect.any(String) },
  ];
  expect(off).toMatchObject(saying("by itself: the.timer is inactive."));
  expect(await updatesOf({ ...well, rebootNeeded: true })).toMatchObject(saying("only after a reboot"));
});

it("doctor leaves a host alone whose system it does not know, and says so", async () => {
  const { services } = await deployed();
  const ports = { ...services, systems: new Map() };
  const found = (await diagnose(checks(parts({ ports })))).find(({ subject }) => subject === "updates of ada");
  expect(found).toMatchObject({ verdict: "warning", seen: expect.stringContaining("does not know the system") });
});

it("doctor looks at the network from inside, and is not content without one", async () => {
  const networkOf = async (options: WorldOptions) => {
    const { services } = await deployed(options);
    return (await diagnose(checks(parts({ ports: services })))).filter(({ subject }) =>
      subject.startsWith("network of"),
    );
  };
  expect(await networkOf({})).toMatchObject([{ verdict: "ok", seen: "They reach example.net at port 443." }]);
  const findings = await networkOf({ gateway: { behaviour: () => "without-network" } });
  expect(findings).toMatchObject([
    { subject: "network of ada", verdict: "warning", seen: expect.stringContaining("192.0.2.53 does not know") },
  ]);
  expect(renderFindings(findings).title).toBe("It works, with one thing to look at.");
  const cutOff: WorldOptions = { provider: { internet: false }, gateway: { behaviour: () => "without-network" } };
  expect(await networkOf(cutOff)).toMatchObject([{ verdict: "ok", seen: expect.stringContaining("as set") }]);
});

it.skipIf(process.getuid?.() !== 0)("doctor takes a disk without room for a problem", async () => {
  const folder = mkdtempSync(join(tmpdir(), "creel-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
  onTestFinished(() => {
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });
  const seen = async () =>
    (await diagnose(checks(parts({ stateDir: folder })))).filter(({ verdict }) => verdict !== "ok");
  expect(await seen()).toContainEqual(expect.objectContaining({ subject: folder, verdict: "problem" }));
  try {
    writeFileSync(join(folder, "ballast"), Buffer.alloc(2 ** 21));
  } catch {
    // That is what it is for.
  }
  expect(await seen()).toContainEqual(
    expect.objectContaining({ subject: "state folder", seen: expect.stringContaining("Nothing can be written") }),
  );
});

it.each([
  [29, "ok"],
  [31, "warning"],
])("a golden image of %i days: %s", async (days, verdict) => {
  const now = () => Date.now() - days * 24 * 60 * 60 * 1000;
  const { services } = createWorld({ provider: { now } });
  const findings = await diagnose(imageBuild.checks?.(services, readerOf(parseSettings("", "creel.yaml"))) ?? []);
  const found = findings.find(({ subject }) => subject === "memory golden image");
  expect(found?.verdict).toBe(verdict);
  if (verdict === "warning") {
    expect(found?.seen).toContain("31 days old");
    expect(found?.fix).toContain("/image build");
  }
});

it("doctor reads the workspaces that new agents are to have, and says what may hold a secret", async () => {
  const { stateDir, ...others } = parts();
  const folder = join(stateDir, "plain");
  const look = async () => {
    const workspaces = [{ setting: "agents.defaults.workspace", folder }];
    const found = await diagnose(checks({ stateDir, ...others, workspaces }));
    return found.find(({ subject }) => subject === "agents.defaults.workspace");
  };
  expect(await look()).toMatchObject({ verdict: "problem", seen: `The workspace ${folder} is not there.` });
  mkdirSync(folder);
  writeFileSync(join(folder, "AGENTS.md"), "Be kind.\n".repeat(200));
  expect(await look()).toMatchObject({ verdict: "ok", seen: `${folder}: 1 file, 2 kB.` });
  writeFileSync(join(folder, ".env"), "A=1");
  expect(await look()).toMatchObject({ verdict: "warning", seen: expect.stringContaining(".env may hold a secret") });
});
