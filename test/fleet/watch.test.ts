import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentStatus } from "../../src/core/desk.ts";
import type { Host } from "../../src/core/host.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";
import { resume } from "../../src/core/operation.ts";
import { compare, createFleetWatch, type FleetEvent, NOTHING_SEEN } from "../../src/fleet/watch.ts";
import { agentCalled } from "../desk/world.ts";
import { hearing, operation, statusOf, stuckDeploy } from "./statuses.ts";

const MINUTE = 60_000;
const stray: Host = {
  name: parseHostName("eve-abc"),
  provider: "local",
  state: "running",
  agents: [parseAgentName("eve")],
  operation: makeOperationId(0, () => 0),
  createdAtMs: 0,
  region: "here",
  size: "small",
  system: "memory",
  address: "10.99.0.2",
  sshPort: 22,
  gatewayPort: 18_789,
  image: null,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  hostKeyFingerprint: "x".repeat(52),
  nextHostKeyFingerprint: null,
};

interface Look {
  readonly agents: readonly AgentStatus[];
  readonly hosts: readonly Host[] | null;
}

/** The events of each look, five minutes apart. */
function eventsOf(looks: readonly Look[]): FleetEvent[][] {
  let memory = NOTHING_SEEN;
  return looks.map(({ agents, hosts }, index) => {
    const seen = compare(memory, { agents, hosts, unreadable: [], images: [] }, index * 5 * MINUTE);
    memory = seen.memory;
    return [...seen.events];
  });
}

const LETTERS: Readonly<Record<string, Partial<AgentStatus>>> = {
  ".": {},
  s: { gateway: "starting" },
  d: { gateway: "draining" },
  C: { gateway: "crashed" },
  S: { gateway: "stopped" },
  U: { gateway: "unready", note: "It waits for channels." },
  N: { note: "Its channels were not started." },
  O: { host: "stopped", gateway: "stopped" },
  G: { host: "gone", gateway: "unknown" },
  "?": { gateway: "unknown", restarts: null },
  "!": { host: "unknown", gateway: "unknown", restarts: null },
  // Being removed.
  R: { gateway: "stopped", lastOperation: operation("destroy", "ada") },
  // Its deploy was cancelled and could not be undone; has ended without a word; has just ended well; goes on.
  K: { agent: agentCalled("ada", { state: "deploying" }), lastOperation: stuckDeploy("ada") },
  // The same when somebody has asked to go on, and when that has come to its end.
  k: { agent: agentCalled("ada", { state: "deploying" }), lastOperation: resume(stuckDeploy("ada"), 1) },
  e: { lastOperation: { ...resume(stuckDeploy("ada"), 1), state: "failed" } },
  H: { agent: agentCalled("ada", { state: "deploying" }), lastOperation: null },
  W: { agent: agentCalled("ada", { state: "deploying" }) },
  D: { agent: agentCalled("ada", { state: "deploying" }), lastOperation: operation("deploy", "ada") },
  F: { gateway: "absent", agent: agentCalled("ada", { state: "failed" }) },
};

function wordFor(event: FleetEvent): string {
  if (event.type === "recovered") return "recovered";
  const { concern } = event;
  return "gateway" in concern ? concern.gateway : concern.type === "host-down" ? concern.host : concern.type;
}

describe("looks at one agent", () => {
  it.each([
    // One letter per look; what was said after which look.
    ["....", []],
    [".C.", []],
    [".CC", ["3 crashed"]],
    ["CC.", ["2 crashed", "3 recovered"]],
    [".CCCCCC", ["3 crashed"]],
    ["C.C.C", []],
    [".CC.CC", ["3 crashed", "4 recovered", "6 crashed"]],
    [".CCsCsC", ["3 crashed"]],
    [".CsCsC", []],
    [".sdsd", []],
    [".??.", []],
    [".???", ["4 silent"]],
    [".!?!", ["4 silent"]],
    [".?C?", ["4 silent"]],
    [".C?C", ["4 crashed"]],
    [".GG", ["3 gone"]],
    [".UU.", ["3 unready", "4 recovered"]],
    [".sUsU", []],
    [".NNN.", ["3 ailing", "5 recovered"]],
    [".N.N", []],
    ["NN.", ["2 ailing", "3 recovered"]],
    [".OO.", ["3 stopped", "4 recovered"]],
    [".CO", ["3 stopped"]],
    [".CCGG", ["3 crashed"]],
    [".RRRR", []],
    [".CRC", []],
    [".CCR.", ["3 crashed", "5 recovered"]],
    ["FFFF", []],
    ["DDDDD", []],
    ["DWWW.", []],
    ["DK", ["2 stuck"]],
    ["DKKD.", ["2 stuck", "4 recovered"]],
    // Also of one that was not well before, which it may be still.
    [".CCKK", ["3 crashed", "4 stuck"]],
    [".CCKCC.", ["3 crashed", "4 stuck", "5 recovered", "7 recovered"]],
    [".CCKD.", ["3 crashed", "4 stuck", "5 recovered", "6 recovered"]],
    ["DKkK", ["2 stuck"]],
    ["DKke", ["2 stuck", "4 recovered"]],
    ["kk", []],
    ["DKK ", ["2 stuck", "4 recovered"]],
    ["DHH", ["3 half-made"]],
    ["DHHF", ["3 half-made"]],
    // It is not there any more.
    ["CC ", ["2 crashed", "3 recovered"]],
  ])("%j", (looks, said) => {
    const seen = eventsOf(
      [...looks].map((letter) => ({ agents: letter === " " ? [] : [statusOf("ada", LETTERS[letter])], hosts: [] })),
    );
    expect(seen.flatMap((events, index) => events.map((event) => `${index + 1} ${wordFor(event)}`))).toEqual(said);
  });

  it.each([
    ["restarts that grow fast are told at once", [0, 3], ["2 crash-loop"]],
    ["restarts now and then are not", [0, 2, 4, 6], []],
    ["old ones are not", [50, 50], []],
    ["it is over when there are no more", [0, 5, 6, 6], ["2 crash-loop", "4 recovered"]],
    ["a counter that starts again is no crash", [7, 0, 0], []],
    ["a counter that has started again and grown is", [7, 4], ["2 crash-loop"]],
    ["a look without an answer hides nothing", [0, null, 9], ["3 crash-loop"]],
  ])("%s", (_title, counts, said) => {
    const seen = eventsOf(
      counts.map((restarts) => ({
        agents: [statusOf("ada", { restarts, gateway: restarts === null ? "unknown" : "ready" })],
        hosts: [],
      })),
    );
    const words = seen.flatMap((events, index) => events.map((event) => `${index + 1} ${wordFor(event)}`));
    expect(words).toEqual(said);
  });

  it("say how fast it restarts, and not of another host", () => {
    const on = (host: string, restarts: number) => ({
      agents: [statusOf("ada", { restarts, agent: agentCalled("ada", { host: parseHostName(host) }) })],
      hosts: [],
    });
    expect(eventsOf([on("a", 1), on("a", 6)])[1]).toEqual([
      {
        type: "concern",
        concern: {
          key: "agent:ada",
          severity: "person",
          agent: "ada",
          type: "crash-loop",
          restarts: 5,
          withinMs: 5 * MINUTE,
          note: null,
        },
      },
    ]);
    expect(eventsOf([on("a", 1), on("b", 6)])[1]).toEqual([]);
  });
});

describe("stranded hosts", () => {
  const none = { agents: [], hosts: [] };
  const found = { agents: [], hosts: [stray] };

  it("are a note at the second look, until they are gone", () => {
    const [first, second, third, fourth] = eventsOf([found, found, found, none]);
    expect([first, third]).toEqual([[], []]);
    expect(second).toMatchObject([
      { type: "concern", concern: { key: "stranded:eve-abc", severity: "note", type: "stranded-host", agent: "eve" } },
    ]);
    expect(fourth).toEqual([{ type: "recovered", key: "stranded:eve-abc" }]);
  });

  it("stay what they were while nobody knows", () => {
    const unknown = { agents: [], hosts: null };
    expect(eventsOf([found, unknown, found, unknown, none]).map((events) => events.length)).toEqual([0, 0, 1, 0, 1]);
  });

  it("of a deploy that is under way are none", () => {
    const deploying = {
      agents: [statusOf("eve", { agent: agentCalled("eve", { state: "deploying" }) })],
      hosts: [stray],
    };
    expect(eventsOf([deploying, deploying, deploying]).flat()).toEqual([]);
  });
});

describe("the watch", () => {
  function watching(look: () => Promise<readonly AgentStatus[]>, stranded?: () => Promise<readonly Host[]>) {
    const heard = hearing();
    const watch = createFleetWatch({
      look,
      ...(stranded === undefined ? {} : { stranded }),
      ...heard.parts,
      now: () => 0,
    });
    return { watch, ...heard };
  }

  it("tells, look by look", async () => {
    const looks = [
      [statusOf("ada", { gateway: "crashed" })],
      [statusOf("ada", { gateway: "crashed" })],
      [statusOf("ada")],
    ];
    const { watch, told } = watching(async () => looks.shift() ?? []);
    for (let count = 0; count < 3; count += 1) await watch.look();
    expect(told).toEqual(["concern agent:ada", "recovered agent:ada"]);
  });

  it("looks at agents also when hosts cannot be listed", async () => {
    const { watch, told } = watching(
      async () => [statusOf("ada", { gateway: "crashed" })],
      () => Promise.reject(new Error("No list.")),
    );
    await expect(watch.look()).rejects.toThrow("No list.");
    await expect(watch.look()).rejects.toThrow("No list.");
    expect(told).toEqual(["concern agent:ada"]);
  });

  it("counts no look that failed", async () => {
    let away = false;
    const { watch, told } = watching(async () => {
      if (away) throw new Error("The store is away.");
      return [statusOf("ada", { gateway: "crashed" })];
    });
    await watch.look();
    away = true;
    await expect(watch.look()).rejects.toThrow("The store is away.");
    expect(told).toEqual([]);
    away = false;
    await watch.look();
    expect(told).toEqual(["concern agent:ada"]);
  });

  it("goes on from what was heard when a part of what came of a look was not", async () => {
    const crashed = ["ada", "bob"].map((name) => statusOf(name, { gateway: "crashed" }));
    const well = [statusOf("ada"), statusOf("bob")];
    const looks = [well, crashed, crashed, [statusOf("ada"), statusOf("bob", { gateway: "crashed" })], well];
    const { watch, told, refuse } = watching(async () => looks.shift() ?? []);
    for (let count = 0; count < 2; count += 1) await watch.look();
    refuse("agent:bob");
    await expect(watch.look()).rejects.toThrow("The store is away.");
    refuse(null);
    for (let count = 0; count < 2; count += 1) await watch.look();
    expect(told).toEqual(["concern agent:ada", "recovered agent:ada", "concern agent:bob", "recovered agent:bob"]);
  });

  it("tells nothing after it was stopped", async () => {
    const stop = new AbortController();
    const { watch, told } = watching(async () => [statusOf("ada")]);
    const looking = watch.look(stop.signal);
    stop.abort();
    await looking;
    expect(told).toEqual([]);
  });
});

const anyStatus = (name: string) =>
  fc
    .record({
      host: fc.constantFrom<AgentStatus["host"]>("running", "running", "running", "stopped", "gone", "none", "unknown"),
      gateway: fc.constantFrom<AgentStatus["gateway"]>(
        ...(["ready", "ready", "ready", "starting", "draining", "stopped"] as const),
        ...(["crashed", "config-invalid", "absent", "unknown", "unready"] as const),
      ),
      note: fc.option(fc.constant("Why."), { freq: 4 }),
      restarts: fc.option(fc.nat(12)),
      busy: fc.boolean(),
    })
    .map(({ busy, ...fields }) =>
      statusOf(name, busy ? { ...fields, lastOperation: operation("destroy", name) } : fields),
    );
const anyLook = fc.record({
  agents: fc
    .tuple(fc.option(anyStatus("ada")), fc.option(anyStatus("bob")))
    .map((all) => all.filter((one) => one !== null)),
  hosts: fc.constantFrom<readonly Host[] | null>([], [stray], null),
});

it("never has two concerns of one key without a recovery in between, whatever it sees", () => {
  fc.assert(
    fc.property(fc.array(anyLook, { maxLength: 40 }), (looks) => {
      const open = new Set<string>();
      for (const event of eventsOf(looks).flat()) {
        if (event.type === "recovered") {
          open.delete(event.key);
          continue;
        }
        expect(open).not.toContain(event.concern.key);
        open.add(event.concern.key);
      }
    }),
  );
});

it("has no concern left once everything is well, whatever it saw before", () => {
  fc.assert(
    fc.property(fc.array(anyLook, { maxLength: 20 }), (looks) => {
      const well = { agents: [statusOf("ada"), statusOf("bob")], hosts: [] };
      const open = new Set<string>();
      // Twice: counters of restarts that jump back to 0 are seen to stand still.
      for (const event of eventsOf([...looks, well, well]).flat()) {
        if (event.type === "recovered") open.delete(event.key);
        else open.add(event.concern.key);
      }
      expect([...open]).toEqual([]);
    }),
  );
});
