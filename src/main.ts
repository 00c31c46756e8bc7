import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../commands/index.ts";
import { probeExposed } from "../services/gateway/exposure.ts";
import { createQuadletGateway } from "../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../services/host-shell/host-key.ts";
import { activateHostKey, prepareHostKey } from "../services/host-shell/rotation.ts";
import { createSshShells } from "../services/host-shell/ssh.ts";
import { createLocalProvider } from "../services/provider/local/local-provider.ts";
import type { Provider } from "../services/provider/provider.ts";
import { buildUserData } from "../services/provider/user-data.ts";
import { envSecrets } from "../services/secrets/env.ts";
import { secretResolver } from "../services/secrets/resolver.ts";
import { runConsole } from "./channels/console/console.ts";
import { createScreen } from "./channels/console/screen.ts";
import type { Message } from "./channels/message.ts";
import { renderAdoption, renderFindings, renderStranded } from "./channels/render/fleet.ts";
import { renderRefusal } from "./channels/render/refusal.ts";
import { type CreelCommand, parseCommandLine } from "./command-line.ts";
import { type Config, loadConfig, readSettingFile, withholdEnvironment } from "./config.ts";
import type { Actor } from "./core/actor.ts";
import type { AgentRegistry } from "./core/agent.ts";
import { asOpsError, OpsError } from "./core/errors.ts";
import { createRedactor } from "./core/redaction.ts";
import type { Secret, SecretRef } from "./core/secrets.ts";
import { createDesk } from "./desk/desk.ts";
import { adoptHosts, strandedHosts } from "./fleet/adopt.ts";
import { diagnose } from "./fleet/doctor.ts";
import { fleetQuestions } from "./fleet/questions.ts";
import { wakeHosts } from "./fleet/wake.ts";
import { installationName, makeFolder } from "./folders.ts";
import type { RedisAddress } from "./jobs/connection.ts";
import { startEmbeddedRedis } from "./jobs/embedded-redis.ts";
import { guardStateFolder } from "./jobs/instance-guard.ts";
import { createJobs, type Jobs } from "./jobs/jobs.ts";
import { fileLog, type Log } from "./log.ts";
import { type OperationDefinition, withBudgets } from "./operations/definition.ts";
import { deployOperation } from "./operations/deploy/deploy.ts";
import { destroyOperation } from "./operations/destroy.ts";
import type { Services } from "./operations/services.ts";
import { snapshotBuildOperation } from "./operations/snapshot-build.ts";

/** Everything below is built once per process and closed in reverse. */
interface Creel {
  readonly config: Config;
  readonly services: Services;
  readonly jobs: Jobs;
  readonly tools: Tools;
}

/** For output that is still on its way. */
const LINGER_MS = 1000;

const version = String(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);

async function run(command: CreelCommand): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort(signal));
  try {
    const config = loadConfig();
    withholdEnvironment();
    return await MODES[command](config, stop.signal);
  } catch (error) {
    show(renderRefusal(asOpsError(error)), process.stderr);
    return 1;
  }
}

const MODES: Readonly<Record<CreelCommand, (config: Config, signal: AbortSignal) => Promise<number>>> = {
  async start(config, signal) {
    await using stack = new AsyncDisposableStack();
    const creel = await assemble(config, stack);
    // With Redis of our own, behind the guard of the state folder, there are no other workers.
    if (config.settings.redis === undefined) await creel.jobs.takeOver();
    creel.jobs.startWorkers();
    void lookAround(creel);
    return await runTerminal(creel, signal);
  },

  async bot(config, signal) {
    requireSharedRedis(config, "bot");
    await using stack = new AsyncDisposableStack();
    return await runTerminal(await assemble(config, stack), signal);
  },

  async worker(config, signal) {
    requireSharedRedis(config, "worker");
    await using stack = new AsyncDisposableStack();
    const creel = await assemble(config, stack);
    creel.jobs.startWorkers();
    void lookAround(creel);
    process.stderr.write("creel worker: ready\n");
    if (!signal.aborted) await once(signal, "abort");
    return 0;
  },

  async adopt(config) {
    await using stack = new AsyncDisposableStack();
    const { services, jobs } = await assemble(config, stack);
    const report = await adoptHosts(services);
    for (const { agent, because } of report.adopted) {
      const event = { actor: terminalActor(config), what: "adopted", subject: "host of", operation: null } as const;
      await jobs.audit.append({ ...event, agent: agent.name, atMs: Date.now(), note: because });
    }
    show(renderAdoption(report), process.stdout);
    return 0;
  },

  async doctor(config) {
    const { checks } = await import("./fleet/checks.ts");
    const tools = createTools(config);
    const services = buildServices(config, tools, lateRegistry());
    const openStore = async () => {
      makeFolder(config.stateDir, "CREEL_STATE_DIR");
      await using stack = new AsyncDisposableStack();
      return (await openJobs(config, tools, operations(services, config), stack)).warnings;
    };
    const { stateDir, cacheDir, file: configFile, settings } = config;
    const secrets = Object.entries({
      "gateway.token": settings.gateway.token,
      "redis.password": settings.redis?.password,
    });
    const findings = await diagnose(
      checks({
        ...{ stateDir, cacheDir, configFile, openStore },
        secrets: secrets.flatMap(([setting, ref]) => (ref === undefined ? [] : [{ setting, ref }])),
        checkSettings: () => operations(services, config),
        makeFolder,
        resolve: tools.resolve,
        providers: [...services.providers.values()],
      }),
    );
    show(renderFindings(findings), process.stdout);
    return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
  },
};

/** Builds everything a mode needs; `stack` takes it apart again. */
async function assemble(config: Config, stack: AsyncDisposableStack): Promise<Creel> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  const tools = createTools(config);
  const registry = lateRegistry();
  const services = buildServices(config, tools, registry);
  const jobs = await openJobs(config, tools, operations(services, config), stack);
  registry.set(jobs.registry);
  for (const warning of jobs.warnings) process.stderr.write(`creel: ${warning}\n`);
  return { config, services, jobs, tools };
}

interface Tools {
  readonly redact: (text: string) => string;
  /** Hidden wherever text is redacted, from now on. */
  readonly learn: (secret: Secret) => void;
  readonly resolve: (ref: SecretRef) => Promise<Secret>;
  readonly log: Log;
}

function createTools(config: Config): Tools {
  const redactor = createRedactor();
  const { redact } = redactor;
  const learn = (secret: Secret) => redactor.learn(secret.reveal());
  return {
    redact,
    learn,
    resolve: secretResolver([envSecrets(config.environment)], learn),
    log: fileLog(join(config.stateDir, "creel.log"), redact),
  };
}

function buildServices(config: Config, { resolve, learn }: Tools, registry: AgentRegistry): Services {
  const { gateway } = config.settings;
  const local = localProvider(config);
  return {
    providers: new Map([[local.name, local]]),
    shells: createSshShells({ keyFile: join(config.stateDir, "ssh", "id_ed25519") }),
    gateway: createQuadletGateway({ onSecret: learn }),
    registry,
    hostKeys: { generate: generateHostKey, prepare: prepareHostKey, activate: activateHostKey },
    probeExposed,
    userData: buildUserData,
    gatewaySettings: {
      port: gateway.port,
      containerImage: `localhost/creel/openclaw:${gateway.openclaw}`,
      token: async () => (gateway.token === undefined ? null : await resolve(gateway.token)),
    },
  };
}

function localProvider({ settings: { local, gateway, redis }, stateDir, cacheDir }: Config): Provider {
  return createLocalProvider({
    ...local,
    name: redis === undefined ? "local" : `local@${installationName(stateDir)}`,
    stateDir,
    cacheDir: join(cacheDir, "snapshots"),
    gatewayPort: gateway.port,
    openclawVersion: gateway.openclaw,
    ...(gateway.containerImage === undefined ? {} : { containerImage: { pull: gateway.containerImage } }),
  });
}

function operations(services: Services, { settings }: Config): OperationDefinition[] {
  const all = [deployOperation(services), destroyOperation(services), snapshotBuildOperation(services)];
  const kinds = all.map(({ kind }) => kind);
  const unknown = Object.keys(settings.budgets).find((kind) => !kinds.some((known) => known === kind));
  if (unknown !== undefined) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `budgets.${unknown}: there is no such operation.`,
      hint: `There are ${kinds.join(", ")}.`,
    });
  }
  return all.map((definition) => {
    const seconds = Object.entries(settings.budgets[definition.kind] ?? {});
    return withBudgets(definition, Object.fromEntries(seconds.map(([step, limit]) => [step, limit * 1000])));
  });
}

/** Operations need the registry, and the queue that keeps the registry needs the operations. */
function lateRegistry(): AgentRegistry & { set(registry: AgentRegistry): void } {
  const late = Promise.withResolvers<AgentRegistry>();
  return {
    set: late.resolve,
    get: async (name) => (await late.promise).get(name),
    list: async () => (await late.promise).list(),
    put: async (agent) => (await late.promise).put(agent),
    remove: async (name) => (await late.promise).remove(name),
  };
}

async function openJobs(
  config: Config,
  { redact, resolve, log }: Tools,
  definitions: readonly OperationDefinition[],
  stack: AsyncDisposableStack,
): Promise<Jobs> {
  const redis = await redisAddress(config, { resolve, log }, stack);
  const jobs = await createJobs({
    redis,
    definitions,
    now: Date.now,
    random: Math.random,
    redact,
    concurrency: config.settings.concurrency,
    onError: (error) => log.error(error),
    onFailure: (error, { id, kind }) => log.error(error, { operation: id, kind }),
  });
  stack.defer(() => jobs.close());
  return jobs;
}

async function redisAddress(
  { settings, stateDir }: Config,
  { resolve, log }: Pick<Tools, "resolve" | "log">,
  stack: AsyncDisposableStack,
): Promise<RedisAddress> {
  if (settings.redis !== undefined) return await sharedRedis(settings.redis, resolve);
  const guard = await guardStateFolder(stateDir);
  stack.defer(() => guard.release());
  const redis = await startEmbeddedRedis({
    stateDir,
    onRestart: (error) => log.error(error),
    onFatal(error) {
      log.error(error);
      show(renderRefusal(error), process.stderr);
      process.exit(1);
    },
  });
  stack.defer(() => redis.stop());
  return { socketPath: redis.socketPath };
}

async function sharedRedis(
  { url, password, ca }: NonNullable<Config["settings"]["redis"]>,
  resolve: Tools["resolve"],
): Promise<RedisAddress> {
  const address = new URL(url);
  const username = decodeURIComponent(address.username);
  // With a name in the address, ioredis would take the password from there too, which is empty.
  address.username = "";
  return {
    url: address.href,
    ...(username === "" ? {} : { username }),
    ...(password === undefined ? {} : { password: await resolve(password) }),
    ...(ca === undefined ? {} : { ca: readSettingFile("redis.ca", ca) }),
  };
}

function requireSharedRedis({ settings, file }: Config, mode: string): void {
  if (settings.redis !== undefined) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: `creel ${mode} shares a Redis with the other parts, and redis.url is not set in ${file ?? "creel.yaml"}.`,
    hint: "Set redis.url, or run everything in one process with creel start.",
  });
}

/** What may have changed while Creel was not running. In the background: the prompt does not wait for hosts. */
async function lookAround({ services, tools }: Creel): Promise<void> {
  try {
    for (const { host, error } of await wakeHosts(services)) {
      if (error !== null) tools.log.error(error, { host });
    }
    const stranded = await strandedHosts(services);
    if (stranded.length > 0) show(renderStranded(stranded), process.stderr);
  } catch (error) {
    tools.log.error(error);
  }
}

async function runTerminal({ config, services, jobs, tools }: Creel, signal: AbortSignal): Promise<number> {
  const { operations, audit, registry } = jobs;
  const { redact } = tools;
  const owners = { terminal: config.settings.owners.terminal ?? [config.user] };
  const questions = fleetQuestions(services, operations, { now: Date.now, redact });
  const { stdin, stdout } = process;
  const { color, dumb, unicode } = config.terminal;
  return await runConsole({
    desk: createDesk({ commands, owners, operations, audit, registry, questions, now: Date.now, redact }),
    actor: terminalActor(config),
    commands,
    input: stdin,
    output: stdout,
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    color: color && !dumb && stdout.isTTY === true,
    cursor: !dumb,
    unicode,
    columns: () => stdout.columns ?? 80,
    rows: () => stdout.rows ?? 24,
    now: Date.now,
    signal,
  });
}

function terminalActor({ user }: Config): Actor {
  return { channel: "terminal", user, roles: [], name: user };
}

function show(message: Message, stream: NodeJS.WriteStream): void {
  createScreen(stream, true, () => ({ columns: (stream.columns ?? 80) - 1, color: false })).print(message);
}

const commandLine = parseCommandLine(process.argv.slice(2), version);
if (commandLine.type === "print") {
  (commandLine.exitCode === 0 ? process.stdout : process.stderr).write(`${commandLine.text}\n`);
  process.exitCode = commandLine.exitCode;
} else {
  process.exitCode = await run(commandLine.command);
  // Everything is closed by now. A connection that was just being made when its Redis was stopped would try again for ever.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
