import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { OpsError } from "../core/errors.ts";
import { settle } from "./abort.ts";
import { complaintsOf, redisFailure } from "./redis-ending.ts";
import { askRedis, isRedisOn } from "./redis-probe.ts";

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
  /** Called for every unexpected end of the server, before it is started again. */
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

/**
 * Starts a Redis server that belongs to this Creel and keeps it alive until `stop`. One that an earlier Creel has left behind on the
 * same folder is shut down first: nothing is lost by that, and the new one is our child, whose end we hear of.
 * The caller holds the instance guard of the state folder.
 * @throws OpsError `tool-missing`, `config-invalid` (path too long), `capacity` (disk full), `store-unavailable` with what it complained of.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const folder = join(options.stateDir, "redis");
  const socketPath = join(folder, "redis.sock");
  assertShortEnough(socketPath);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(async (cause: unknown) => {
    throw await redisFailure(folder, `Creel cannot create ${folder}.`, { cause });
  });
  await endOrphan(folder, socketPath);
  await rotateLog(folder);
  let child: ChildProcess | null = await launch(folder, socketPath, options.program);
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
      child = await launch(folder, socketPath, options.program);
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
    },
  };
}

async function launch(folder: string, socketPath: string, program = "redis-server"): Promise<ChildProcess> {
  // In a session of its own: Ctrl-C in the terminal is for Creel, which stops Redis after everything else.
  const child = spawn(program, ["-"], { cwd: folder, detached: true, stdio: ["pipe", "ignore", "pipe"] });
  let complaints = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString("utf8")).slice(-4000);
  });
  // Of a server that is gone before it has read its configuration; its end is what counts.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(configuration(folder, socketPath));
  const failed = Promise.withResolvers<never>();
  child.once("error", async (cause: NodeJS.ErrnoException) =>
    failed.reject(
      cause.code === "ENOENT"
        ? missing(cause)
        : await redisFailure(folder, "redis-server cannot be started.", { cause }),
    ),
  );
  child.once("exit", async (code, signal) => {
    const unlogged = complaints.split("\n").filter((line) => line.trim() !== "");
    const evidence = [...(await complaintsOf(folder, child.pid)), ...unlogged];
    const message = `Creel's Redis ended while it was starting (${signal ?? `status ${code}`}).`;
    failed.reject(await redisFailure(folder, message, { evidence }));
  });
  try {
    await Promise.race([failed.promise, untilAnswering(folder, socketPath, child.pid)]);
    return child;
  } catch (error) {
    await terminate(child);
    throw error;
  } finally {
    // From here on its end is no failed start.
    failed.promise.catch(() => undefined);
  }
}

async function untilAnswering(folder: string, socketPath: string, pid: number | undefined): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await askRedis(socketPath, "PING");
    if (answer === "+PONG") return;
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
  while (await isRedisOn(pid, socketPath)) {
    if (performance.now() > patienceEndsMs) process.kill(pid, "SIGKILL");
    await delay(20);
  }
}

/** On standard input, so that it is never out of date in a file. RDB snapshots are off: the append-only file holds everything. */
function configuration(folder: string, socketPath: string): string {
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
