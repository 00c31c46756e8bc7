import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";
import { settle } from "../abort.ts";
import { noteContents } from "./redis-contents.ts";
import { complaintsOf, redisFailure } from "./redis-ending.ts";
import { readRedisFolder } from "./redis-folder.ts";
import { assertIntact, damageIn, isTorn } from "./redis-intact.ts";
import { askRedis, isRedisIn } from "./redis-probe.ts";

/** The kernel's limit for the path of a Unix socket, without its final zero byte. */
const MAX_SOCKET_PATH_BYTES = 107;
const START_LIMIT_MS = 10_000;
/** A large append-only file takes its time; the server answers that it is loading. */
const LOADING_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 10_000;
/** One that hangs has nothing in hand: what it has acknowledged is on disk. */
const HUNG_LIMIT_MS = 2_000;
const MAX_LOG_BYTES = 1_000_000;
/** This many ends within the window are a crash loop. */
const CRASH_LIMIT = 5;
const CRASH_WINDOW_MS = 30_000;

export interface EmbeddedRedisOptions {
  /** Exists; Redis lives in its folder `redis`. */
  readonly stateDir: string;
  /** As `assertIntact` has them. Default: none, and no. */
  readonly livedIn?: readonly string[];
  readonly mayBeginAnew?: boolean;
  /** Called for every unexpected end of the server, before it is started again, and when the end of a write that it cut off was dropped. */
  readonly onRestart: (error: OpsError) => void;
  /** The server cannot be kept alive; it is not started again. */
  readonly onFatal: (error: OpsError) => void;
  /** Default: `redis-server` from the PATH. */
  readonly program?: string;
}

export interface EmbeddedRedis {
  readonly socketPath: string;
  /** null while it is being started again. */
  pid(): number | null;
  /** Clean, bounded to about 10 s. Idempotent. */
  stop(): Promise<void>;
}

/** Where the Redis of a Creel on this state folder listens, while it runs. */
export function embeddedSocket(stateDir: string): string {
  return join(stateDir, "redis", "redis.sock");
}

/**
 * Starts a Redis server that belongs to this Creel and keeps it alive until `stop`. One that an earlier Creel has left behind on the
 * same folder is shut down first: nothing is lost by that, and the new one is our child, whose end we hear of.
 * The caller holds the instance guard of the state folder.
 * @throws OpsError `tool-missing`, `config-invalid` (path too long), `capacity` (disk full), `store-unavailable` with what it complained of
 * or what is wrong with its data, which is left as it is.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const folder = join(options.stateDir, "redis");
  const socketPath = embeddedSocket(options.stateDir);
  assertShortEnough(socketPath);
  await endOrphan(folder, socketPath);
  let child: ChildProcess | null = await begin(options, folder, socketPath);
  let stopping = false;
  let crashes: number[] = [];
  let restarting: Promise<void> = Promise.resolve();
  supervise(child);

  function supervise(current: ChildProcess): void {
    const onExit = () => {
      child = null;
      if (!stopping) restarting = restart(current);
    };
    // It may have died between its first answer and here.
    if (current.exitCode !== null || current.signalCode !== null) onExit();
    else current.once("exit", onExit);
  }

  async function restart({ pid, signalCode, exitCode }: ChildProcess): Promise<void> {
    const nowMs = performance.now();
    crashes = [...crashes.filter((ms) => nowMs - ms < CRASH_WINDOW_MS), nowMs];
    const message = `Creel's Redis ended unexpectedly (${signalCode ?? `status ${exitCode}`}).`;
    const error = await redisFailure(folder, message, { evidence: await complaintsOf(folder, pid) });
    // On a full disk the next one would end at its first write.
    if (error.code === "capacity" || crashes.length >= CRASH_LIMIT) return options.onFatal(error);
    options.onRestart(error);
    try {
      child = await begin({ ...options, mayBeginAnew: false }, folder, socketPath);
    } catch (cause) {
      if (stopping) return;
      options.onFatal(
        cause instanceof OpsError ? cause : await redisFailure(folder, "Creel's Redis cannot be started.", { cause }),
      );
      return;
    }
    if (stopping) await terminate(child);
    else supervise(child);
  }

  return {
    socketPath,
    pid: () => child?.pid ?? null,
    async stop() {
      stopping = true;
      if (child) await terminate(child);
      await restarting;
      // Best effort: what was noted before still holds, it only knows less.
      await note(options.stateDir, folder).catch(() => undefined);
    },
  };
}

/** Starts a server on data that is all there, and notes what there is, before anything more is acknowledged. */
async function begin(options: EmbeddedRedisOptions, folder: string, socketPath: string): Promise<ChildProcess> {
  const { stateDir, livedIn = [], mayBeginAnew = false } = options;
  await assertIntact({ stateDir, livedIn, mayBeginAnew }).catch(async (cause: unknown) => {
    throw cause instanceof OpsError ? cause : await redisFailure(folder, `Creel cannot read ${folder}.`, { cause });
  });
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(async (cause: unknown) => {
    throw await redisFailure(folder, `Creel cannot create ${folder}.`, { cause });
  });
  await rotateLog(folder);
  let child = await launch(options, folder, socketPath, "complete");
  if (child === "torn") {
    options.onRestart(await keepCopy(folder));
    child = await launch(options, folder, socketPath, "torn");
    if (child === "torn") throw await redisFailure(folder, "Creel's Redis cannot drop what was cut off.");
  }
  await note(stateDir, folder).catch(async (cause: unknown) => {
    await terminate(child);
    throw await redisFailure(folder, `Creel cannot write into ${stateDir}.`, { cause });
  });
  return child;
}

async function note(stateDir: string, folder: string): Promise<void> {
  await noteContents(stateDir, await readRedisFolder(folder));
}

/** Of the data before the end of its last write is dropped. There is one copy, the latest. */
async function keepCopy(folder: string): Promise<OpsError> {
  const path = `${folder}.torn`;
  try {
    await rm(path, { recursive: true, force: true });
    await cp(join(folder, "appendonlydir"), path, { recursive: true, preserveTimestamps: true });
  } catch (cause) {
    throw await redisFailure(folder, `Creel cannot copy ${folder} to ${path}.`, { cause });
  }
  return new OpsError({
    code: "store-unavailable",
    userMessage: `Creel's Redis was ended in the middle of a write. What it had written of it is dropped, and was never acknowledged; ${path} has the data as it was.`,
  });
}

/**
 * torn: the end of the last write is missing. It is dropped only when that is `expected`, for until then nothing of the data is changed.
 */
async function launch(
  { stateDir, program = "redis-server" }: EmbeddedRedisOptions,
  folder: string,
  socketPath: string,
  expected: "complete" | "torn",
): Promise<ChildProcess | "torn"> {
  // In a session of its own: Ctrl-C in the terminal is for Creel, which stops Redis after everything else.
  const child = spawn(program, ["-"], { cwd: folder, detached: true, stdio: ["pipe", "ignore", "pipe"] });
  let complaints = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString("utf8")).slice(-4000);
  });
  // Of a server that is gone before it has read its configuration; its end is what counts.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(configuration(folder, socketPath, expected));
  const failed = Promise.withResolvers<"torn">();
  child.once("error", async (cause: unknown) =>
    failed.reject(
      isErrno(cause, "ENOENT")
        ? missing(cause)
        : await redisFailure(folder, "redis-server cannot be started.", { cause }),
    ),
  );
  child.once("exit", async (code, signal) => {
    const unlogged = complaints.split("\n").filter((line) => line.trim() !== "");
    const evidence = [...(await complaintsOf(folder, child.pid)), ...unlogged];
    if (isTorn(evidence) && expected === "complete") return failed.resolve("torn");
    const message = `Creel's Redis ended while it was starting (${signal ?? `status ${code}`}).`;
    failed.reject((await damageIn(stateDir, evidence)) ?? (await redisFailure(folder, message, { evidence })));
  });
  try {
    const isTornWrite = await Promise.race([failed.promise, untilAnswering(folder, socketPath, child.pid)]);
    return isTornWrite ?? child;
  } catch (error) {
    await terminate(child);
    throw error;
  } finally {
    // From here on its end is no failed start.
    failed.promise.catch(() => undefined);
  }
}

async function untilAnswering(folder: string, socketPath: string, pid: number | undefined): Promise<null> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await askRedis(socketPath, "PING");
    if (answer === "+PONG") return null;
    const limitMs = answer?.startsWith("-LOADING") ? LOADING_LIMIT_MS : START_LIMIT_MS;
    if (performance.now() - startedMs > limitMs) {
      const evidence = await complaintsOf(folder, pid);
      throw await redisFailure(folder, `Creel's Redis did not answer within ${limitMs / 1000} s.`, { evidence });
    }
    await delay(10);
  }
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  if (await settle([ended], STOP_LIMIT_MS)) return;
  child.kill("SIGKILL");
  await ended;
}

/** A server that outlived a killed Creel would keep the socket and the files. */
async function endOrphan(folder: string, socketPath: string): Promise<void> {
  const pid = Number(await readFile(join(folder, "redis.pid"), "utf8").catch(() => ""));
  const answers = (await askRedis(socketPath, "PING")) !== null;
  if (answers) await askRedis(socketPath, "SHUTDOWN", STOP_LIMIT_MS);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const patienceEndsMs = performance.now() + (answers ? STOP_LIMIT_MS : HUNG_LIMIT_MS);
  while (await isRedisIn(pid, folder)) {
    if (performance.now() > patienceEndsMs) process.kill(pid, "SIGKILL");
    await delay(20);
  }
}

/** On standard input, so that it is never out of date in a file. RDB snapshots are off: the append-only file holds everything. */
function configuration(folder: string, socketPath: string, expected: "complete" | "torn"): string {
  const quoted = (path: string) => `"${path.replace(/["\\]/g, "\\$&")}"`;
  return [
    "port 0",
    `unixsocket ${quoted(socketPath)}`,
    "unixsocketperm 700",
    `dir ${quoted(folder)}`,
    `logfile ${quoted(join(folder, "redis.log"))}`,
    `pidfile ${quoted(join(folder, "redis.pid"))}`,
    "daemonize no",
    "databases 1",
    "appendonly yes",
    "appendfsync always",
    `aof-load-truncated ${expected === "torn" ? "yes" : "no"}`,
    'save ""',
    "maxmemory-policy noeviction",
    "",
  ].join("\n");
}

async function rotateLog(folder: string): Promise<void> {
  const log = join(folder, "redis.log");
  const file = await stat(log).catch(() => null);
  if (file && file.size > MAX_LOG_BYTES) await rename(log, `${log}.1`);
  // Made here, so that a folder without write permission is a clear error and not a silent end of the server.
  const handle = await open(log, "a", 0o600).catch(async (cause: unknown) => {
    throw await redisFailure(folder, `Creel cannot write into ${folder}.`, { cause });
  });
  await handle.close();
}

function assertShortEnough(socketPath: string): void {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: `The path of Creel's state folder is ${bytes - MAX_SOCKET_PATH_BYTES} bytes too long for a Unix socket: ${socketPath}`,
    hint: "Choose a folder with a shorter path with CREEL_STATE_DIR.",
  });
}

function missing(cause: unknown): OpsError {
  return new OpsError({
    code: "tool-missing",
    userMessage: "redis-server is not installed.",
    hint: "apt-get install redis-server, or set redis.url in creel.yaml to a Redis that runs elsewhere.",
    cause,
  });
}
