import { once } from "node:events";
import { existsSync, linkSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { runConsole } from "../../src/channels/console/console.ts";
import { createNotices } from "../../src/channels/console/notices.ts";
import { attach, type SessionEnd } from "../../src/channels/console/remote/client.ts";
import { type AttachServer, serveTerminals } from "../../src/channels/console/remote/server.ts";
import { message } from "../../src/core/message.ts";
import { succeed } from "../../src/core/operation.ts";
import { agentCalled, createDeskWorld, type DeskWorld, owner } from "../desk/world.ts";

const now = () => 1_000_000;
let stateDir: string;
let world: DeskWorld;
let server: AttachServer;
let errors: unknown[];
const users: string[] = [];
const notices = createNotices(() => undefined);
const open: RemoteTerminal[] = [];

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "at-"));
  world = createDeskWorld(now);
  errors = [];
  users.length = 0;
  server = await serveTerminals({
    stateDir,
    version: "1.2.3",
    userOf: (uid) => (uid === process.getuid?.() ? owner.user : null),
    run: async (terminal, user) => {
      users.push(user);
      const session = { ...terminal, desk: world.desk, actor: { ...owner, user }, commands, now, leaving: null };
      return await runConsole({ ...session, notices: { showBy: notices.showAlsoBy } });
    },
    onError: (error) => errors.push(error),
  });
});

afterEach(async () => {
  await server.close();
  for (const terminal of open.splice(0)) await terminal.end;
  rmSync(stateDir, { recursive: true });
  expect(errors).toEqual([]);
});

interface RemoteTerminal {
  type(keys: string): void;
  endInput(): void;
  shows(pattern: RegExp): Promise<void>;
  seen(): string;
  complained(): string;
  breakInput(): void;
  loseOutput(): void;
  readonly attachedTo: { version: string; pid: number }[];
  readonly continued: Set<() => void>;
  suspended(): number;
  readonly stop: AbortController;
  readonly end: Promise<SessionEnd | null>;
}

/** The real client between streams, as if a person sat there or lines were piped in. */
function openRemote({ interactive = true, columns = 80 } = {}): RemoteTerminal {
  const [input, output, complaints] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let raw = "";
  let said = "";
  let matchedTo = 0;
  let suspended = 0;
  const wrote = new EventTarget();
  output.setEncoding("utf8").on("data", (chunk: string) => {
    raw += chunk;
    wrote.dispatchEvent(new Event("data"));
  });
  complaints.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  const continued = new Set<() => void>();
  const attachedTo: { version: string; pid: number }[] = [];
  const stop = new AbortController();
  const end = attach({
    stateDir,
    terminal: {
      ...{ input, output, errors: complaints, columns: () => columns, rows: () => 24 },
      look: { interactive, color: false, cursor: true, unicode: true },
      jobControl: {
        suspend: () => {
          suspended += 1;
        },
        onContinued: (listener) => {
          continued.add(listener);
          return () => void continued.delete(listener);
        },
      },
    },
    onAttached: (other) => void attachedTo.push(other),
    signal: stop.signal,
  });
  const terminal: RemoteTerminal = {
    ...{ end, stop, attachedTo, continued, suspended: () => suspended, complained: () => said },
    type: (keys) => void input.write(keys),
    endInput: () => void input.end(),
    breakInput: () => void input.destroy(Object.assign(new Error("EIO"), { code: "EIO" })),
    loseOutput: () => void output.on("error", () => undefined).destroy(Object.assign(new Error(), { code: "EPIPE" })),
    seen: () => stripVTControlCharacters(raw),
    async shows(pattern) {
      for (;;) {
        const match = pattern.exec(stripVTControlCharacters(raw).slice(matchedTo));
        if (match !== null) {
          matchedTo += match.index + match[0].length;
          return;
        }
        await once(wrote, "data");
      }
    },
  };
  open.push(terminal);
  return terminal;
}

describe("a second terminal", () => {
  test("is a whole prompt: completion, progress, confirmation, letting go, outcomes", async () => {
    await world.registry.put(agentCalled("bob"));
    const t = openRemote();
    await t.shows(/Creel is ready[\s\S]*creel> $/);
    expect(t.attachedTo).toEqual([{ version: "1.2.3", pid: process.pid }]);
    expect(users).toEqual([owner.user]);
    for (const key of ["/sta", "\t"]) t.type(key);
    await t.shows(/\/status $/);
    t.type("\x15/deploy ada\r");
    const { id } = await world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.type("\x03");
    await t.shows(/goes on without you watching[\s\S]*creel> $/);
    world.operations.change(id, (operation) => succeed(operation, null, now()));
    await t.shows(/Deployed ada[\s\S]*\n\ncreel> $/);
    t.type("/destroy bob\r");
    await t.shows(/Type bob to go ahead: $/);
    t.type("no\r");
    await t.shows(/Nothing was done[\s\S]*creel> $/);
    t.type("\x04");
    expect(await t.end).toMatchObject({ type: "finished", status: 0 });
    expect(server.sessions()).toBe(0);
  });

  test("is one of several, and all hear what Creel says", async () => {
    const [a, b] = [openRemote(), openRemote()];
    await Promise.all([a.shows(/creel> $/), b.shows(/creel> $/)]);
    expect(server.sessions()).toBe(2);
    notices.say(message("Something happened.", "bad", []));
    await Promise.all([a.shows(/Something happened/), b.shows(/Something happened/)]);
  });

  test("runs piped lines, with their exit status, longer than any buffer", async () => {
    const t = openRemote({ interactive: false });
    t.type(`# ${"x".repeat(15_000)}\n`.repeat(40));
    t.type("/help\n/nope");
    t.endInput();
    expect(await t.end).toMatchObject({ type: "finished", status: 1 });
    expect(t.seen()).toMatch(/Commands[\s\S]*1 of 2 commands failed/);
  });

  test("whose output is lost has its lines done, and hears on standard error what failed", async () => {
    const t = openRemote({ interactive: false });
    t.type("/help\n");
    await t.shows(/Commands/);
    t.loseOutput();
    t.type("/nope\n");
    t.endInput();
    expect(await t.end).toMatchObject({ type: "finished", status: 1 });
    expect(t.complained()).toMatch(/its reader has gone[\s\S]*1 of 2 commands failed/);
  });

  test("whose input breaks has the lines before it done, and knows it", async () => {
    const terminal = openRemote({ interactive: false });
    terminal.type("/help\n");
    await terminal.shows(/Commands/);
    terminal.breakInput();
    expect(await terminal.end).toMatchObject({ type: "finished", status: 0, inputError: "EIO" });
  });

  test("is stopped by Ctrl-Z where it is, and drawn again when it goes on", async () => {
    const t = openRemote();
    await t.shows(/creel> $/);
    t.type("/he\x1a");
    while (t.suspended() === 0) await new Promise(setImmediate);
    for (const listener of t.continued) listener();
    await t.shows(/creel> \/he$/);
  });

  test("that is told to end lets go, and its operation goes on", async () => {
    const t = openRemote();
    await t.shows(/creel> $/);
    t.type("/deploy ada\r");
    const { id } = await world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.stop.abort();
    expect(await t.end).toMatchObject({ type: "finished" });
    expect(world.operations.all.get(id)?.state).toBe("queued");
  });

  test("hears that Creel ends", async () => {
    const t = openRemote();
    await t.shows(/creel> $/);
    await server.close();
    expect(await t.end).toMatchObject({ type: "ended", pid: process.pid });
    expect(existsSync(join(stateDir, "creel.sock"))).toBe(false);
  });
});

test("nobody listens: there is nothing to attach to, also when a socket was left behind", async () => {
  await server.close();
  expect(await openRemote().end).toBeNull();
  writeFileSync(join(stateDir, "creel.sock"), "");
  expect(await openRemote().end).toBeNull();
});

test("a Creel that speaks otherwise is said, with its version", async () => {
  await server.close();
  const other = createServer((socket) => {
    const welcome = { type: "welcome", protocol: 99, version: "9.0.0", pid: 7, proof: "attach-00" };
    socket.on("error", () => undefined).write(`${JSON.stringify(welcome)}\n`);
  }).listen(join(stateDir, "creel.sock"));
  await once(other, "listening");
  const refusal = expect(attachOnce()).rejects.toMatchObject({
    userMessage: expect.stringMatching(/Creel 9\.0\.0.*pid 7/),
  });
  await refusal;
  other.close();
});

async function attachOnce(): Promise<SessionEnd | null> {
  const end = openRemote().end;
  open.pop();
  return await end;
}

describe("nothing that a client does can hurt", () => {
  const path = () => join(stateDir, "creel.sock");
  const HELLO = {
    type: "hello",
    protocol: 1,
    interactive: false,
    color: false,
    cursor: false,
    unicode: true,
    columns: 80,
    rows: 24,
  };

  async function rawClient() {
    const socket = connect(path());
    socket.setEncoding("utf8").on("error", () => undefined);
    const [welcome] = (await once(socket, "data")) as [string];
    const { proof } = JSON.parse(welcome) as { proof: string };
    let heard = "";
    socket.on("data", (chunk: string) => {
      heard += chunk;
    });
    const say = (...messages: unknown[]) => socket.write(messages.map((one) => `${JSON.stringify(one)}\n`).join(""));
    return {
      socket,
      say,
      proof: join(stateDir, proof),
      heard: () => heard,
      closed: new Promise((resolve) => socket.once("close", resolve)),
    };
  }

  test("the socket is for the folder's owner alone", () => {
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["no JSON", ["\x00\xff garbage\n"]],
    ["JSON that is no message", ["{}\n", "[]\n"]],
    ["a line without an end", ["x".repeat(400_000)]],
    ["input before it is let in", ['{"type":"input","data":"/help\\n"}\n']],
  ])("%s", async (_, pieces) => {
    const { socket, closed } = await rawClient();
    for (const piece of pieces) socket.write(piece);
    await closed;
  });

  test("who cannot show who they are is refused, also with a second name of somebody's file", async () => {
    const without = await rawClient();
    without.say(HELLO);
    await without.closed;
    expect(without.heard()).toMatch(/cannot tell who you are/);
    const linked = await rawClient();
    writeFileSync(join(stateDir, "old"), "");
    linkSync(join(stateDir, "old"), linked.proof);
    linked.say(HELLO);
    await linked.closed;
    expect(linked.heard()).toMatch(/cannot tell who you are/);
    expect(users).toEqual([]);
    expect(readdirSync(stateDir).sort()).toEqual(["creel.sock", "old"]);
  });

  test("more input than was asked for breaks its own connection only", async () => {
    const { say, proof, closed } = await rawClient();
    writeFileSync(proof, "");
    say(
      HELLO,
      { type: "input", data: "/help\n" },
      { type: "input", data: "/help\n" },
      { type: "input", data: "/help\n" },
    );
    await closed;
    const t = openRemote({ interactive: false });
    t.type("/help\n");
    t.endInput();
    expect(await t.end).toMatchObject({ status: 0 });
  });

  test("losing its output again and again, at any moment", async () => {
    const { say, socket, proof, closed } = await rawClient();
    writeFileSync(proof, "");
    const lost = { type: "lost", code: "EPIPE" };
    say(HELLO, lost, lost, { type: "end" }, lost, { type: "stop" }, lost, { type: "size", columns: 1, rows: 1 });
    await closed;
    socket.destroy();
  });

  test("more terminals than anybody needs", async () => {
    const many = await Promise.all(Array.from({ length: 32 }, rawClient));
    const one = connect(path()).setEncoding("utf8");
    expect(await once(one, "data")).toMatchObject([expect.stringMatching(/Too many/)]);
    for (const { socket } of many) socket.destroy();
  });
});
