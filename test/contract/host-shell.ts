import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";

export interface HostShellUnderTest extends AsyncDisposable {
  readonly shells: HostShells;
  /** A host that runs, with `scripts`, `cat`, `true` and `sleep` on it. */
  readonly host: Host;
  /** A port of its loopback on which what comes in is sent back. */
  readonly echoPort: number;
  /** Ends every connection without a word, and answers new ones. */
  cutOff(): void;
  /** From now on nothing answers. */
  powerOff(): Promise<void>;
}

/** What the suite runs, by the name it gives them. In memory, programs of these names do the same. */
const scripts = {
  "creel-arguments": 'printf "<%s>" "$@"',
  "creel-both": "cat; echo cause >&2; exit 78",
  "creel-killed": "kill -9 $$",
  "creel-flood": "head -c 5000000 /dev/zero | tr '\\0' x",
};

function script(name: keyof typeof scripts, ...args: string[]): [string, ...string[]] {
  return ["sh", "-c", scripts[name], name, ...args];
}

/** The same, in a person's words. */
const SESSION = "cat; echo cause >&2; exit 78";
const FOR_EVER = ["sleep", "3600"] as const;
const LOST = { code: "host-unreachable", retry: "later" };

/** Holds for every way of reaching a host. */
export function hostShellContract(name: string, make: () => Promise<HostShellUnderTest>): void {
  describe(`${name}: host shell contract`, () => {
    let under: HostShellUnderTest;
    let shell: HostShell;
    beforeEach(async () => {
      under = await make();
      shell = await under.shells.connect(under.host);
    });
    afterEach(async () => {
      await shell.close();
      await under[Symbol.asyncDispose]();
    });

    it("has one public key, which hosts can be given", async () => {
      const key = await under.shells.authorizedKey();
      expect(key).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+=* creel$/);
      expect(() => fingerprintOf(key)).not.toThrow();
      expect(await under.shells.authorizedKey()).toBe(key);
    });

    it("connects to the host that has an accepted key and to no other", async () => {
      const { hostKeyFingerprint } = under.host;
      expect(shell.hostKeyFingerprint).toBe(hostKeyFingerprint);
      const next = generateHostKey().fingerprint;
      const other = { ...under.host, hostKeyFingerprint: next };
      const mismatch = { code: "host-key-mismatch", retry: "never" };
      await expect(under.shells.connect(other)).rejects.toMatchObject(mismatch);
      await expect(under.shells.connect(under.host, { acceptFingerprints: [next] })).rejects.toMatchObject(mismatch);
      await expect(under.shells.connect(under.host, { acceptFingerprints: [] })).rejects.toMatchObject(mismatch);
      const acceptFingerprints = [next, hostKeyFingerprint];
      await using told = await under.shells.connect(other, { acceptFingerprints });
      const changing = { ...other, nextHostKeyFingerprint: hostKeyFingerprint };
      await using labelled = await under.shells.connect(changing);
      expect([told.hostKeyFingerprint, labelled.hostKeyFingerprint]).toEqual([hostKeyFingerprint, hostKeyFingerprint]);
    });

    it("hands over arguments as they are, whatever is in them", async () => {
      const args = ["a b", "$(id)", "`id`", "", "it's", '"', "\\", "*", "~", "-n", "ö\n日本", "; exit 3 #", "$HOME"];
      const result = await shell.run(script("creel-arguments", ...args));
      expect(result).toEqual({ exitCode: 0, stdout: args.map((arg) => `<${arg}>`).join(""), stderr: "" });
      for (const argv of [script("creel-arguments", "a\0b"), ["tr\0ue"] as const]) {
        await expect(shell.run([...argv])).rejects.toMatchObject({ code: "input-invalid" });
      }
    });

    it("gives a program its input and returns what it says, however it ends", async () => {
      const ended = { exitCode: 78, stdout: "in ö\n日本", stderr: "cause\n" };
      expect(await shell.run(script("creel-both"), { stdin: "in ö\n日本" })).toEqual(ended);
      expect(await shell.run(["cat"], { stdin: Buffer.from("bytes") })).toMatchObject({ exitCode: 0, stdout: "bytes" });
      expect(await shell.run(["cat"])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(await shell.run(["true"], { stdin: "x".repeat(3_000_000) })).toMatchObject({ exitCode: 0 });
      expect(await shell.run(script("creel-killed"))).toMatchObject({ exitCode: 137 });
      const missing = await shell.run(["creel-has-no-such-program"]);
      expect(missing).toMatchObject({ exitCode: 127, stdout: "" });
      expect(missing.stderr).toContain("creel-has-no-such-program");
    });

    it("checks what has to go well", async () => {
      expect(await shell.check(["cat"], { stdin: "said" })).toBe("said");
      await expect(shell.check(script("creel-both"))).rejects.toMatchObject({
        ...{ code: "host-command-failed", retry: "never", evidence: ["cause"] },
        userMessage: "creel-both ended with exit status 78 on the host.",
      });
      await expect(shell.check(script("creel-killed"))).rejects.toMatchObject({ retry: "later" });
      await expect(shell.check(["creel-has-no-such-program"])).rejects.toMatchObject({ code: "host-command-failed" });
    });

    it("cuts output at 4 MiB", async () => {
      const { stdout, exitCode } = await shell.run(script("creel-flood"));
      expect(stdout.length).toBe(4 * 1024 * 1024);
      expect(exitCode).toBe(0);
    });

    it("stops waiting when time is up or it is told to, with the reason it was given, and goes on to work", async () => {
      await expect(shell.run([...FOR_EVER], { timeoutMs: 50 })).rejects.toMatchObject({ code: "timed-out" });
      const reason = new OpsError({ code: "superseded", userMessage: "Somebody else does it." });
      for (const [why, expected] of [
        [reason, reason],
        [new Error("enough"), expect.objectContaining({ code: "cancelled" })],
      ] as const) {
        const abort = new AbortController();
        const running = shell.run([...FOR_EVER], { signal: abort.signal });
        const refused = expect(running).rejects.toEqual(expected);
        // By then the other one has begun as well.
        await shell.run(["true"]);
        abort.abort(why);
        await refused;
        await expect(shell.run(["true"], { signal: abort.signal })).rejects.toEqual(expected);
        await expect(shell.dial(under.echoPort, abort.signal)).rejects.toEqual(expected);
        await expect(under.shells.connect(under.host, { signal: abort.signal })).rejects.toEqual(expected);
      }
      expect(await shell.check(["cat"], { stdin: "still here", timeoutMs: 60_000 })).toBe("still here");
    });

    it("gives a program to a person as three streams, to be read as they come, and tells how it ended", async () => {
      const session = await shell.open({ line: SESSION, terminal: null });
      session.stdin.end("in ö\n日本");
      const said = await Promise.all([text(session.stdout), text(session.stderr)]);
      expect([...said, await session.ended]).toEqual(["in ö\n日本", "cause\n", 78]);
      const missing = await shell.open({ line: "creel-has-no-such-program", terminal: null });
      missing.stdin.end();
      missing.stdout.resume();
      expect(await text(missing.stderr)).toContain("creel-has-no-such-program");
      expect(await missing.ended).toBe(127);
      await expect(shell.open({ line: "tr\0ue", terminal: null })).rejects.toMatchObject({ code: "input-invalid" });
    });

    it("ends the program of a person who has enough", async () => {
      const session = await shell.open({ line: "sleep 3600", terminal: null });
      session.stdin.end();
      session.stdout.resume();
      session.stderr.resume();
      session.stop();
      session.stop();
      expect(await session.ended).toBe(143);
    });

    it("dials the loopback of the host, and says when nothing listens there", async () => {
      const stream = await shell.dial(under.echoPort);
      stream.end("hello");
      expect(await text(stream)).toBe("hello");
      await expect(shell.dial(1)).rejects.toMatchObject(LOST);
    });

    it.each([
      ["is cut off", () => under.cutOff()],
      ["loses its host", () => under.powerOff()],
      ["is closed", () => shell.close()],
    ])("that %s in the middle ends everything over it, and stays ended", async (_how, end) => {
      const running = expect(shell.run([...FOR_EVER])).rejects.toMatchObject(LOST);
      const stream = await shell.dial(under.echoPort);
      stream.on("error", () => undefined);
      const closed = once(stream.resume(), "close");
      const session = await shell.open({ line: "sleep 3600", terminal: null });
      session.stdin.on("error", () => undefined);
      const lost = expect(session.ended).rejects.toMatchObject(LOST);
      await shell.run(["true"]);
      await end();
      await running;
      await closed;
      await lost;
      await shell.closed;
      await expect(shell.open({ line: "true", terminal: null })).rejects.toMatchObject(LOST);
      await expect(shell.run(["true"])).rejects.toMatchObject(LOST);
      await expect(shell.check(["true"])).rejects.toMatchObject(LOST);
      await expect(shell.dial(under.echoPort)).rejects.toMatchObject(LOST);
      await shell.close();
      await shell.close();
    });

    it("can be made anew when it was cut off, and not while the host is off", async () => {
      under.cutOff();
      await using again = await under.shells.connect(under.host);
      expect((await again.run(["true"])).exitCode).toBe(0);
      await under.powerOff();
      await expect(under.shells.connect(under.host)).rejects.toMatchObject(LOST);
    });
  });
}
