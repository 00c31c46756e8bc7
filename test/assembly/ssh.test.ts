import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentAtHand } from "./agent-at-hand.ts";

type Hand = Awaited<ReturnType<typeof agentAtHand>>;
type Terminal = ReturnType<Hand["inTerminal"]>;

let hand: Hand;
beforeAll(async () => {
  hand = await agentAtHand();
});
afterAll(() => hand[Symbol.asyncDispose]());

/** As it was before, for whatever is typed next. */
async function endsCalmly(terminal: Terminal, status: number) {
  await terminal.shows(new RegExp(`\\[ended with ${status}\\]`));
  await terminal.shows(/\sopost\s[\s\S]*\sisig icanon [\s\S]*\secho\s/);
  expect(await terminal.exit).toBe(0);
}

describe("in a terminal", () => {
  test("it is the host's shell, as large as the window, and ends as that does", async () => {
    using terminal = hand.inTerminal("ssh ada");
    await terminal.shows(/\$ $/);
    terminal.type("stty size; echo $TERM\r");
    await terminal.shows(/\n24 80\r?\nxterm\r?\n\$ $/);
    const device = /\/dev\/pts\/\d+/.exec(stripVTControlCharacters(terminal.raw()))?.[0] ?? "";
    execFileSync("stty", ["-F", device, "cols", "101", "rows", "33"]);
    terminal.type("until [ \"$(stty size)\" = '33 101' ]; do sleep 0.1; done; echo res''ized\r");
    await terminal.shows(/resized\r?\n\$ $/);
    terminal.type("exit 7\r");
    await endsCalmly(terminal, 7);
  });

  test("Ctrl-C, Ctrl-Z and Ctrl-\\ are the remote program's", async () => {
    using terminal = hand.inTerminal(`ssh ada "trap 'echo caught' INT; echo begun; sleep 600; echo went on; exit 3"`);
    await terminal.shows(/begun/);
    terminal.type("\x03");
    await terminal.shows(/caught\r?\nwent on/);
    await endsCalmly(terminal, 3);
    using raw = hand.inTerminal("ssh ada 'stty raw -echo; echo begun; head -c 3 | od -An -tx1'");
    await raw.shows(/begun/);
    raw.type("\x03\x1a\x1c");
    await raw.shows(/03 1a 1c/);
    await endsCalmly(raw, 0);
  });

  test("Ctrl-D ends what reads there", async () => {
    using terminal = hand.inTerminal("ssh ada 'echo begun; cat'");
    await terminal.shows(/begun/);
    terminal.type("heard\r");
    await terminal.shows(/heard\r?\nheard/);
    terminal.type("\x04");
    await endsCalmly(terminal, 0);
  });

  test("what a full-screen program says reaches the terminal as it is", async () => {
    using terminal = hand.inTerminal(`ssh ada "stty -opost; printf 'down\\nhere\\n'"`);
    await endsCalmly(terminal, 0);
    expect(terminal.raw()).toMatch(/down\nhere\n/);
  });

  test("a host that is lost is told of", async () => {
    using terminal = hand.inTerminal("ssh ada 'echo begun; sleep 600'");
    await terminal.shows(/begun/);
    hand.server.cutOff();
    await terminal.shows(/Nothing answers/);
    await endsCalmly(terminal, 255);
  });

  test("an agent that is not there leaves the terminal alone", async () => {
    using terminal = hand.inTerminal("ssh eve");
    await terminal.shows(/There is no agent called eve/);
    await endsCalmly(terminal, 255);
  });

  test("when Creel is ended the program on the host goes, and the terminal is as before", async () => {
    using terminal = hand.inTerminal("ssh ada 'echo begun $$ on it; sleep 600'");
    await terminal.shows(/begun \d+ on it/);
    const [creel, program] = processesIn(terminal);
    process.kill(creel, "SIGTERM");
    await endsCalmly(terminal, 130);
    await expect.poll(() => isAlive(program)).toBe(false);
  });

  test("a terminal that goes away ends both", async () => {
    using terminal = hand.inTerminal("ssh ada 'echo begun $$ on it; sleep 600'");
    await terminal.shows(/begun \d+ on it/);
    terminal.hangUp();
    for (const one of processesIn(terminal)) await expect.poll(() => isAlive(one)).toBe(false);
  });
});

/** Creel's, and what its program on the host has said to be. */
function processesIn(terminal: Terminal): readonly [number, number] {
  const [, creel, program] = /\[process (\d+)\][\s\S]*begun (\d+) on it/.exec(terminal.raw()) ?? [];
  return [Number(creel), Number(program)];
}

async function piped(words: readonly string[], input: string | Uint8Array = "") {
  const child = hand.withPipes("ssh", ...words);
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [said, errors, [status]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, "exit")]);
  return { said, errors, status };
}

describe("with pipes", () => {
  test("bytes stay what they are, both outputs apart, and the exit status is the program's", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256);
    const { said, errors, status } = await piped(["ada", "cat; echo cause >&2; exit 78"], bytes);
    expect(Buffer.compare(said, bytes)).toBe(0);
    expect({ errors, status }).toEqual({ errors: "cause\n", status: 78 });
  });

  test("words are read by the host's shell as they were typed", async () => {
    expect(await piped(["ada", "echo", "$((6*7))", "&&", "false"])).toMatchObject({
      said: Buffer.from("42\n"),
      status: 1,
    });
  });

  test("without words the shell reads what is piped in", async () => {
    expect(await piped(["ada"], "echo here\nexit 5\n")).toMatchObject({ said: Buffer.from("here\n"), status: 5 });
  });

  test("who reads no further ends it", async () => {
    const child = hand.withPipes("ssh", "ada", "yes");
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect((await ended)[0]).not.toBe(0);
  });

  test("a signal ends it, and the program on the host", async () => {
    const child = hand.withPipes("ssh", "ada", "echo $$; sleep 600");
    const [processId] = await once(child.stdout.setEncoding("utf8"), "data");
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(130);
    await expect.poll(() => isAlive(Number(processId))).toBe(false);
  });

  test("an agent that is not there is named, with those that are", async () => {
    const { said, errors, status } = await piped(["eve", "true"]);
    expect({ said: said.toString(), status }).toEqual({ said: "", status: 255 });
    expect(errors).toMatch(/There is no agent called eve\.[\s\S]*There are hosts of ada\./);
  });
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
