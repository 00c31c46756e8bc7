import { createHash } from "node:crypto";
import { type Duplex, duplexPair, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { asOpsError, stopped } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { acceptedKeys, toBase32 } from "../../src/core/host-keys.ts";
import type { HostName } from "../../src/core/names.ts";
import { commandFailed, hostUnreachable, keyMismatch, timedOut } from "./failures.ts";
import type { HostShell, HostShells, RunOptions, RunResult, Session, SessionOptions } from "./host-shell.ts";
import { cutOutput } from "./output.ts";
import { refuseNul } from "./quoting.ts";

/** A program on a machine in memory. Gets the arguments after its name. */
type MemoryProgram = (
  machine: MemoryMachine,
  args: readonly string[],
  stdin: string,
) => Partial<RunResult> | Promise<Partial<RunResult>>;

/** What is on one host. Disappears when the host does. */
interface MemoryMachine {
  readonly name: HostName;
  /** The key its SSH server proves to own right now. */
  hostKeyFingerprint: string;
  /** The key a rotation has made and not yet put into use. */
  preparedFingerprint: string | null;
  readonly files: Map<string, string>;
  /** What listens on the loopback, by port. */
  readonly listeners: Map<number, (stream: Duplex) => void>;
  /** Everything that was run, with its arguments: whoever can list processes on the host could have seen this. */
  readonly argvSeen: string[][];
}

export interface MemoryHostShells extends HostShells {
  /** null before the first connection and after the host has gone. */
  machine(name: HostName): MemoryMachine | null;
  /** Ends all connections without a word, with what runs over them, as when a network goes away. New ones can be made. */
  cutOff(): void;
}

export interface MemoryHostShellsOptions {
  /** Whether a host exists and runs, usually the provider's `find`. A host that runs can be reached. */
  readonly find: (name: HostName) => Promise<Host | null>;
  /**
   * Added to, and preferred over, the built-in ones. A script run as `sh -c … NAME …` is looked up by NAME, a session by its whole line;
   * the login shell is "login".
   */
  readonly programs?: Readonly<Record<string, MemoryProgram>>;
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: "connect" | "run" | "dial" | "open", when: "before" | "after") => void | Promise<void>;
}

const BUILT_IN: Readonly<Record<string, MemoryProgram>> = {
  true: () => ({}),
  cat: (machine, [path = ""], stdin) => {
    if (path === "") return { stdout: stdin };
    const text = machine.files.get(path);
    return text === undefined ? { exitCode: 1, stderr: `cat: ${path}: No such file or directory\n` } : { stdout: text };
  },
  tee: (machine, [path = ""], stdin) => {
    machine.files.set(path, stdin);
    return { stdout: stdin };
  },
  "creel-proof": (machine, [path = ""]) => {
    machine.files.set(path, "proven\n");
    return {};
  },
  "creel-host-key": (machine, [verb, fingerprint]) => {
    if (verb === "prepare") {
      machine.preparedFingerprint ??= sha256(`${machine.name} after ${machine.hostKeyFingerprint}`);
      return { stdout: `${machine.preparedFingerprint}\n` };
    }
    if (fingerprint === machine.hostKeyFingerprint) return {};
    if (fingerprint === undefined || fingerprint !== machine.preparedFingerprint) return { exitCode: 3 };
    machine.hostKeyFingerprint = fingerprint;
    machine.preparedFingerprint = null;
    return {};
  },
};

/** Hosts without machines, for tests of everything above this port. */
export function createMemoryHostShells(options: MemoryHostShellsOptions): MemoryHostShells {
  const machines = new Map<HostName, MemoryMachine>();
  const programs = new Map(Object.entries({ ...BUILT_IN, ...options.programs }));
  const fault = options.faults ?? (() => undefined);
  /** Of every connection. */
  const open = new Set<AbortController>();

  async function reach(name: HostName, address: string): Promise<MemoryMachine> {
    const host = await options.find(name);
    if (host === null) machines.delete(name);
    if (host?.state !== "running") throw hostUnreachable(address, null);
    let machine = machines.get(name);
    if (machine === undefined) {
      machine = {
        name,
        hostKeyFingerprint: host.hostKeyFingerprint,
        preparedFingerprint: null,
        files: new Map(),
        listeners: new Map(),
        argvSeen: [],
      };
      machines.set(name, machine);
    }
    return machine;
  }

  function openShell(host: Host, hostKeyFingerprint: string): HostShell {
    /** Aborted with the reason when the connection is over. */
    const over = new AbortController();
    open.add(over);
    async function machineNow(signal: AbortSignal | undefined): Promise<MemoryMachine> {
      over.signal.throwIfAborted();
      if (signal?.aborted) throw stopped(signal);
      try {
        return await reach(host.name, host.address);
      } catch (error) {
        // A connection that was lost stays lost, whatever becomes of the host.
        if (asOpsError(error).code === "host-unreachable") over.abort(error);
        throw error;
      }
    }
    async function execute(argv: readonly [string, ...string[]], { stdin = "", signal }: RunOptions) {
      await fault("run", "before");
      const machine = await machineNow(signal);
      machine.argvSeen.push([...argv]);
      const [name, args] = argv[0] === "sh" ? [argv[3] ?? "", argv.slice(4)] : [argv[0], argv.slice(1)];
      const program = programs.get(name);
      const text = typeof stdin === "string" ? stdin : Buffer.from(stdin).toString();
      const result = program ? await program(machine, args, text) : { exitCode: 127, stderr: `${name}: not found\n` };
      await fault("run", "after");
      const { exitCode = 0, stdout = "", stderr = "" } = result;
      return { exitCode, stdout: cutOutput(stdout), stderr: cutOutput(stderr) };
    }
    /** All of the input first, then the program, then what it says. */
    function use(machine: MemoryMachine, { line }: SessionOptions): Session {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const stop = new AbortController();
      const name = line ?? "login";
      const work = text(stdin).then(async (input): Promise<number> => {
        const program = programs.get(name);
        const said = program ? await program(machine, [], input) : { exitCode: 127, stderr: `${name}: not found\n` };
        stdout.write(said.stdout ?? "");
        stderr.write(said.stderr ?? "");
        return said.exitCode ?? 0;
      });
      const stopped = new Promise<number>((resolve) => stop.signal.addEventListener("abort", () => resolve(143)));
      const ended = unlessStopped(Promise.race([work, stopped]), over.signal).finally(() => {
        stdout.end();
        stderr.end();
      });
      ended.catch(() => undefined);
      over.signal.addEventListener("abort", () => stdin.destroy(), { once: true });
      return { stdin, stdout, stderr, ended, resize: () => undefined, stop: () => stop.abort() };
    }
    const close = async () => {
      over.abort(hostUnreachable(host.address, null));
      open.delete(over);
    };
    const shell: HostShell = {
      hostKeyFingerprint,
      async run(argv, runOptions = {}) {
        refuseNul(argv);
        const { timeoutMs, signal } = runOptions;
        const late = new AbortController();
        const timer =
          timeoutMs === undefined ? undefined : setTimeout(() => late.abort(timedOut(argv, timeoutMs)), timeoutMs);
        const ends = [over.signal, late.signal, ...(signal === undefined ? [] : [signal])];
        try {
          return await unlessStopped(execute(argv, runOptions), AbortSignal.any(ends));
        } finally {
          clearTimeout(timer);
        }
      },
      async check(argv, runOptions) {
        const result = await shell.run(argv, runOptions);
        if (result.exitCode !== 0) throw commandFailed(argv, result);
        return result.stdout;
      },
      async dial(port, signal) {
        await fault("dial", "before");
        const listener = (await machineNow(signal)).listeners.get(port);
        if (!listener) throw hostUnreachable(`${host.address} (its own port ${port})`, null);
        const [ours, theirs] = duplexPair();
        over.signal.addEventListener("abort", () => [ours, theirs].forEach((end) => void end.destroy()));
        listener(theirs);
        await fault("dial", "after");
        return ours;
      },
      async open(sessionOptions) {
        refuseNul([sessionOptions.line ?? ""]);
        await fault("open", "before");
        const session = use(await machineNow(undefined), sessionOptions);
        await fault("open", "after");
        return session;
      },
      closed: new Promise((resolve) => over.signal.addEventListener("abort", () => resolve(), { once: true })),
      close,
      [Symbol.asyncDispose]: close,
    };
    return shell;
  }

  return {
    machine: (name) => machines.get(name) ?? null,
    cutOff() {
      for (const connection of open) connection.abort(hostUnreachable("a host that was cut off", null));
      open.clear();
    },
    async authorizedKey() {
      return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA creel";
    },
    async connect(host, { acceptFingerprints = acceptedKeys(host), signal } = {}) {
      await fault("connect", "before");
      if (signal?.aborted) throw stopped(signal);
      const machine = await reach(host.name, host.address);
      if (!acceptFingerprints.includes(machine.hostKeyFingerprint))
        throw keyMismatch(host.address, machine.hostKeyFingerprint);
      await fault("connect", "after");
      return openShell(host, machine.hostKeyFingerprint);
    },
  };
}

/** Settles as `work` does, or as soon as it is not waited for any more; what is under way on the machine may go on. */
async function unlessStopped<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(stopped(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function sha256(text: string): string {
  return toBase32(createHash("sha256").update(text).digest());
}
