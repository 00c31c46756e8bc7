import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import { createSshShells } from "../../../services/host-shell/ssh.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { type LoopbackSshServer, startSshServer } from "./ssh-server.ts";

let folder: string;
let server: LoopbackSshServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "creel-ssh-"));
  server = await startSshServer(await shells().authorizedKey());
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function shells() {
  return createSshShells({ keyFile: join(folder, "keys", "ssh"), answerTimeoutMs: 300 });
}

describe("the key Creel logs in with", () => {
  it("is one private file, however many processes start at once", async () => {
    const keyFile = join(folder, "race", "ssh");
    const keys = await Promise.all(Array.from({ length: 8 }, () => createSshShells({ keyFile }).authorizedKey()));
    expect(new Set(keys).size).toBe(1);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await createSshShells({ keyFile }).authorizedKey()).toBe(keys[0]);
  });

  it("is not replaced when it is damaged", async () => {
    const keyFile = join(folder, "damaged");
    await writeFile(keyFile, "nonsense");
    await expect(createSshShells({ keyFile }).authorizedKey()).rejects.toMatchObject({ code: "config-invalid" });
    expect(await readFile(keyFile, "utf8")).toBe("nonsense");
  });
});

describe("connecting", () => {
  it("proves the host key first", async () => {
    await using shell = await shells().connect(server.host);
    expect(shell.hostKeyFingerprint).toBe(server.host.hostKeyFingerprint);
    const other = { ...server.host, hostKeyFingerprint: generateHostKey().fingerprint };
    await expect(shells().connect(other)).rejects.toMatchObject({ code: "host-key-mismatch", retry: "never" });
    const acceptFingerprints = [other.hostKeyFingerprint, server.host.hostKeyFingerprint];
    await using again = await shells().connect(other, { acceptFingerprints });
    expect(again.hostKeyFingerprint).toBe(server.host.hostKeyFingerprint);
  });

  it("is worth another try while nothing listens, nothing answers or the key is not known yet", async () => {
    const later = { code: "host-unreachable", retry: "later" };
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    const { port } = silent.address() as AddressInfo;
    await expect(shells().connect({ ...server.host, sshPort: port })).rejects.toMatchObject(later);
    await new Promise<void>((done) => silent.close(() => done()));
    await expect(shells().connect({ ...server.host, sshPort: port })).rejects.toMatchObject(later);
    const strangers = createSshShells({ keyFile: join(folder, "stranger") });
    await expect(strangers.connect(server.host)).rejects.toMatchObject(later);
  });

  it("stops on request with the reason that was given", async () => {
    const reason = new OpsError({ code: "superseded", userMessage: "Somebody else does it." });
    await expect(shells().connect(server.host, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    const abort = new AbortController();
    silent.once("connection", () => abort.abort());
    const { port } = silent.address() as AddressInfo;
    const attempt = shells().connect({ ...server.host, sshPort: port }, { signal: abort.signal });
    await expect(attempt).rejects.toMatchObject({ code: "cancelled" });
    await new Promise<void>((done) => silent.close(() => done()));
  });
});

describe("a system that lets root in by no key", () => {
  it("runs everything through what makes root of its user, and ends it the same way", async () => {
    await using other = await startSshServer(await shells().authorizedKey(), { user: "core" });
    await expect(shells().connect(other.host)).rejects.toMatchObject({ code: "host-unreachable" });
    const login = () => ({ user: "core", asRoot: ["env", "AS=root it's"] });
    await using shell = await createSshShells({ keyFile: join(folder, "keys", "ssh"), login }).connect(other.host);
    expect(await shell.check(["printenv", "AS"])).toBe("root it's\n");
    const [begun, ended] = [join(folder, "begun-as-root"), join(folder, "ended-as-root")];
    const script = `trap 'echo $AS > ${ended}; exit' TERM; echo $AS > ${begun}; sleep 60 & wait`;
    const abort = new AbortController();
    const running = expect(shell.run(["sh", "-c", script], { signal: abort.signal })).rejects.toThrow();
    const read = (file: string) => readFile(file, "utf8").catch(() => "");
    await expect.poll(() => read(begun)).toBe("root it's\n");
    abort.abort();
    await running;
    await expect.poll(() => read(ended)).toBe("root it's\n");
  });
});

describe("running programs", () => {
  it("hands over arguments and standard input, and returns both outputs", async () => {
    await using shell = await shells().connect(server.host);
    const argv = ["sh", "-c", 'cat; printf "<%s>" "$@" >&2', "x", "a b", "$(id)", "", "it's"] as const;
    const result = await shell.run([...argv], { stdin: "in ö" });
    expect(result).toEqual({ exitCode: 0, stdout: "in ö", stderr: "<a b><$(id)><><it's>" });
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(await shell.check(["wc", "-c"], { stdin: bytes })).toBe("256\n");
  });

  it("reports exit codes, signals and missing programs", async () => {
    await using shell = await shells().connect(server.host);
    expect((await shell.run(["sh", "-c", "exit 78"])).exitCode).toBe(78);
    expect((await shell.run(["sh", "-c", "kill -9 $$"])).exitCode).toBe(137);
    expect((await shell.run(["creel-has-no-such-program"])).exitCode).toBe(127);
    const failed = shell.check(["sh", "-c", "echo out; echo cause >&2; exit 3", "make-it"]);
    await expect(failed).rejects.toMatchObject({
      code: "host-command-failed",
      userMessage: "make-it ended with exit status 3 on the host.",
      evidence: ["cause"],
    });
  });

  it("survives programs that do not read their input", async () => {
    await using shell = await shells().connect(server.host);
    expect((await shell.run(["true"], { stdin: "x".repeat(3_000_000) })).exitCode).toBe(0);
  });

  it("cuts output at 4 MiB and still ends", async () => {
    await using shell = await shells().connect(server.host);
    const { stdout } = await shell.run(["sh", "-c", "head -c 6000000 /dev/zero | tr '\\0' x"]);
    expect(stdout).toHaveLength(4 * 1024 * 1024);
  });

  it("ends a program that takes too long or is not wanted any more", async () => {
    await using shell = await shells().connect(server.host);
    const mark = join(folder, "slow");
    const slow = shell.run(["sh", "-c", "sleep 60 & wait", mark], { timeoutMs: 200 });
    await expect(slow).rejects.toMatchObject({ code: "timed-out" });
    await expect.poll(async () => (await shell.run(["pgrep", "--full", mark])).exitCode).toBe(1);

    const [begun, ended] = [join(folder, "begun"), join(folder, "ended")];
    const script = `trap 'echo term > ${ended}; exit' TERM; echo begun > ${begun}; sleep 60 & wait`;
    const abort = new AbortController();
    const unwanted = expect(shell.run(["sh", "-c", script], { signal: abort.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    const read = (file: string) => readFile(file, "utf8").catch(() => "");
    await expect.poll(() => read(begun)).toBe("begun\n");
    abort.abort();
    await unwanted;
    await expect.poll(() => read(ended)).toBe("term\n");
    expect((await shell.run(["true"])).exitCode).toBe(0);
  });

  it("ends a program that was given up before it had begun", async () => {
    await using shell = await shells().connect(server.host);
    const mark = join(folder, "late");
    const abort = new AbortController();
    const run = shell.run(["sh", "-c", "sleep 60 & wait", mark], { signal: abort.signal });
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: "cancelled" });
    const isGone = async () => (await shell.run(["pgrep", "--full", mark])).exitCode === 1;
    await expect.poll(isGone).toBe(true);
  });

  it("runs many at once over one connection", async () => {
    await using shell = await shells().connect(server.host);
    const runs = await Promise.all(Array.from({ length: 30 }, (_, i) => shell.check(["echo", String(i)])));
    expect(runs).toEqual(Array.from({ length: 30 }, (_, i) => `${i}\n`));
  });

  it("notices a lost connection", async () => {
    await using lonely = await startSshServer(await shells().authorizedKey());
    const shell = await shells().connect(lonely.host);
    const running = shell.run(["sleep", "60"]);
    const rejected = expect(running).rejects.toMatchObject({ code: "host-unreachable", retry: "later" });
    await shell.run(["true"]);
    lonely.cutOff();
    await rejected;
    await expect(shell.run(["true"])).rejects.toMatchObject({ code: "host-unreachable" });
    await expect(shell.dial(1)).rejects.toMatchObject({ code: "host-unreachable" });
    await shell.close();
    await shell.close();
  });

  it("notices that a host froze after three unanswered keepalives", async () => {
    await using frozen = await startSshServer(await shells().authorizedKey());
    const watchful = createSshShells({ keyFile: join(folder, "keys", "ssh"), keepaliveIntervalMs: 200 });
    await using shell = await watchful.connect(frozen.host);
    frozen.freeze();
    await expect(shell.run(["true"])).rejects.toMatchObject({ code: "host-unreachable" });
  });
});

describe("dialling", () => {
  it("reaches the host's loopback and says when nothing listens", async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((done) => echo.listen(0, "127.0.0.1", done));
    const { port } = echo.address() as AddressInfo;
    await using shell = await shells().connect(server.host);
    const stream = await shell.dial(port);
    stream.end("hello");
    expect(await text(stream)).toBe("hello");
    await new Promise<void>((done) => echo.close(() => done()));
    await expect(shell.dial(port)).rejects.toMatchObject({ code: "host-unreachable", retry: "later" });
  });
});
