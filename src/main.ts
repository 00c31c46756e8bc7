import { once } from "node:events";
import { readFileSync } from "node:fs";
import { attachOrAssemble, openToTerminals } from "./assembly/attach.ts";
import { assemble, type Creel } from "./assembly/creel.ts";
import { show } from "./assembly/show.ts";
import { inputOf, runTerminal, terminalActor } from "./assembly/terminal.ts";
import { startWatching } from "./assembly/watching.ts";
import type { Leaving } from "./channels/console/leaving.ts";
import { renderAdoption, renderStranded } from "./channels/render/fleet.ts";
import { renderRefusal } from "./channels/render/refusal.ts";
import { renderLeftForLater } from "./channels/render/terminal.ts";
import { type CommandLine, type CreelCommand, parseCommandLine } from "./command-line.ts";
import { type Config, loadConfig, withholdEnvironment } from "./config.ts";
import type { Actor } from "./core/actor.ts";
import type { AuditEvent } from "./core/audit.ts";
import { asOpsError, OpsError } from "./core/errors.ts";
import type { AgentName } from "./core/names.ts";
import { isEnded } from "./core/operation.ts";
import { createRedactor, redactError } from "./core/redaction.ts";
import { adoptHosts, strandedHosts } from "./fleet/adopt.ts";
import { wakeHosts } from "./fleet/wake.ts";

/** Who does what nobody has asked for. */
const CREEL: Actor = { channel: "creel", user: "creel", roles: [], name: "Creel" };
/** As ssh has it: 1 may be what a program on the host ended with. */
const NOT_REACHED = 255;
/** For what is still on its way elsewhere. */
const LINGER_MS = 1000;

const version = String(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);

// Whoever reads them may go at any time; what is written then is lost, and nothing else is.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

async function run(line: Exclude<CommandLine, { readonly type: "print" }>): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)
    process.on(signal, () => stop.abort(signal));
  try {
    const mode = line.type === "run" ? line.command : modeWith(line);
    if (mode === "init") return await (await import("./assembly/init.ts")).runInitMode(stop.signal);
    const config = loadConfig();
    withholdEnvironment();
    return await (typeof mode === "string" ? MODES[mode] : mode)(config, stop.signal);
  } catch (error) {
    show(renderRefusal(redactError(asOpsError(error), createRedactor().redact)), process.stderr);
    return line.type === "ssh" ? NOT_REACHED : 1;
  }
}

type Mode = (config: Config, signal: AbortSignal) => Promise<number>;

/** Loaded when they are asked for. */
function modeWith(line: Exclude<CommandLine, { readonly type: "print" | "run" }>): Mode {
  return async (config, signal) => {
    switch (line.type) {
      case "secrets":
        return await (await import("./assembly/secrets.ts")).runSecretsMode(config, line.does, process, signal);
      case "open":
        return await (await import("./assembly/open.ts")).runOpenMode(config, line.agent, process, signal);
      case "ssh":
        return await (await import("./assembly/ssh.ts")).runSshMode(config, line, process, signal);
    }
  };
}

const MODES: Readonly<Record<Exclude<CreelCommand, "init" | "secrets" | "open" | "ssh">, Mode>> = {
  async start(config, signal) {
    await using stack = new AsyncDisposableStack();
    const attached = await attachOrAssemble(config, version, stack, signal);
    if (typeof attached === "number") return attached;
    const creel = attached;
    // With Redis of our own, behind the guard of the state folder, there are no other workers.
    if (config.settings.redis === undefined) await creel.jobs.takeOver();
    creel.jobs.startWorkers();
    startWatching(creel, stack);
    lookAround(creel, stack);
    if (config.settings.redis !== undefined) return await serveChannels(creel, stack, null, signal);
    const others = await openToTerminals(creel, version, stack, signal);
    const leaving = { otherTerminals: () => others.sessions() };
    const status = await serveChannels(creel, stack, leaving, signal);
    if (signal.aborted && inputOf(process) !== "lines") await tellWhatIsLeft(creel);
    return status;
  },

  async bot(config, signal) {
    requireSharedRedis(config, "bot");
    await using stack = new AsyncDisposableStack();
    return await serveChannels(await assemble(config, stack), stack, null, signal);
  },

  async worker(config, signal) {
    requireSharedRedis(config, "worker");
    await using stack = new AsyncDisposableStack();
    const creel = await assemble(config, stack);
    creel.jobs.startWorkers();
    startWatching(creel, stack);
    lookAround(creel, stack);
    process.stderr.write("creel worker: ready\n");
    if (!signal.aborted) await once(signal, "abort");
    return 0;
  },

  async adopt(config) {
    await using stack = new AsyncDisposableStack();
    const { services, store } = await assemble(config, stack, { mayBeginAnew: true });
    const report = await adoptHosts(services);
    for (const { agent, because } of report.adopted) {
      const event = { actor: terminalActor(config), what: "adopted", subject: "host of", operation: null } as const;
      await store.audit.append({ ...event, agent: agent.name, atMs: Date.now(), note: because });
    }
    show(renderAdoption(report), process.stdout);
    return 0;
  },

  async doctor(config) {
    const { runDoctor } = await import("./assembly/doctor.ts");
    return await runDoctor(config);
  },
};

/** For the log of a service, and for a prompt that ends without a question; piped lines have said it themselves. */
async function tellWhatIsLeft({ jobs, tools }: Creel): Promise<void> {
  try {
    const recent = await jobs.operations.recent({ agent: null, limit: 50 });
    const left = recent.filter((operation) => !isEnded(operation));
    if (left.length > 0) show(renderLeftForLater(left), process.stderr);
  } catch (error) {
    tools.log.error(error);
  }
}

function requireSharedRedis({ settings, file }: Config, mode: string): void {
  if (settings.redis !== undefined) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: `creel ${mode} shares a Redis with the other parts, and redis.url is not set in ${file ?? "creel.yaml"}.`,
    hint: "Set redis.url, or run everything in one process with creel start.",
  });
}

/** What may have changed while Creel was not running. In the background: the prompt does not wait for hosts, nor does the end of Creel. */
function lookAround({ services, store, tools }: Creel, stack: AsyncDisposableStack): void {
  let isEnding = false;
  stack.defer(() => {
    isEnding = true;
  });
  const look = async () => {
    const record = (event: Pick<AuditEvent, "what" | "subject" | "agent" | "note">) =>
      store.audit.append({ ...event, actor: CREEL, operation: null, atMs: Date.now() });
    const onBegin = (agent: AgentName) =>
      record({ what: "started", subject: "the host of", agent, note: "It was off." });
    for (const { agent, host, error } of await wakeHosts(services, { onBegin })) {
      // What fails because Creel ends is no news of a host.
      if (error === null || isEnding) continue;
      tools.log.error(error, { host });
      await record({ what: "failed", subject: "starting the host of", agent, note: error.userMessage });
    }
    const stranded = await strandedHosts(services);
    if (stranded.length > 0) tools.notices.say(renderStranded(stranded));
  };
  look().catch((error: unknown) => isEnding || tools.log.error(error));
}

/** Until the person at the terminal leaves, the lines that were piped in are done, or `signal` aborts. */
async function serveChannels(
  creel: Creel,
  stack: AsyncDisposableStack,
  leaving: Leaving | null,
  signal: AbortSignal,
): Promise<number> {
  const { discord, telegram } = creel.config.settings;
  const hasChats = discord !== undefined || telegram !== undefined;
  const input = inputOf(process);
  // Who pipes lines in wants those done; a bot that comes and goes with them would only disturb the one that stays.
  if (input === "lines" || (input === "prompt" && !hasChats)) return await runTerminal(creel, input, leaving, signal);
  // The prompt first: loading the libraries of chats takes longer than everything else.
  const prompt = input === "prompt" ? runTerminal(creel, input, leaving, signal) : null;
  const ended = signal.aborted ? Promise.resolve() : once(signal, "abort");
  if (hasChats) {
    const { openChats } = await import("./assembly/chats.ts");
    const chats = openChats(creel);
    stack.defer(() => chats.close());
    if (prompt !== null) return await prompt;
    const isUsable = await Promise.race([chats.settled, ended.then(() => true)]);
    // Nobody in a chat could give it a command. What refused it has been said; whoever started it may start it again.
    if (!isUsable) return 1;
  }
  process.stderr.write("creel: ready\n");
  await ended;
  return 0;
}

const commandLine = parseCommandLine(process.argv.slice(2), version);
if (commandLine.type === "print") {
  (commandLine.exitCode === 0 ? process.stdout : process.stderr).write(`${commandLine.text}\n`);
  process.exitCode = commandLine.exitCode;
} else {
  process.exitCode = await run(commandLine);
  // Everything is closed by now. What a slow reader has not taken yet is waited for; but a connection that was just being made
  // when its Redis was stopped would try again for ever.
  process.stdout.write("", () => setTimeout(() => process.exit(), LINGER_MS).unref());
}
