import { once } from "node:events";
import { readFileSync } from "node:fs";
import { assemble, type Creel } from "./assembly/creel.ts";
import { show } from "./assembly/show.ts";
import { inputOf, runTerminal, terminalActor } from "./assembly/terminal.ts";
import { renderAdoption, renderStranded } from "./channels/render/fleet.ts";
import { renderRefusal } from "./channels/render/refusal.ts";
import { type CreelCommand, parseCommandLine } from "./command-line.ts";
import { type Config, loadConfig, withholdEnvironment } from "./config.ts";
import { asOpsError, OpsError } from "./core/errors.ts";
import { adoptHosts, strandedHosts } from "./fleet/adopt.ts";
import { wakeHosts } from "./fleet/wake.ts";

/** For output that is still on its way. */
const LINGER_MS = 1000;

const version = String(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);

async function run(command: CreelCommand): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort(signal));
  try {
    if (command === "init") return await (await import("./assembly/init.ts")).runInitMode(stop.signal);
    const config = loadConfig();
    withholdEnvironment();
    return await MODES[command](config, stop.signal);
  } catch (error) {
    show(renderRefusal(asOpsError(error)), process.stderr);
    return 1;
  }
}

const MODES: Readonly<Record<Exclude<CreelCommand, "init">, (config: Config, signal: AbortSignal) => Promise<number>>> =
  {
    async start(config, signal) {
      await using stack = new AsyncDisposableStack();
      const creel = await assemble(config, stack);
      // With Redis of our own, behind the guard of the state folder, there are no other workers.
      if (config.settings.redis === undefined) await creel.jobs.takeOver();
      creel.jobs.startWorkers();
      void lookAround(creel);
      return await serveChannels(creel, stack, signal);
    },

    async bot(config, signal) {
      requireSharedRedis(config, "bot");
      await using stack = new AsyncDisposableStack();
      return await serveChannels(await assemble(config, stack), stack, signal);
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
      const { services, store } = await assemble(config, stack);
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
    if (stranded.length > 0) tools.notices.say(renderStranded(stranded));
  } catch (error) {
    tools.log.error(error);
  }
}

/** Until the person at the terminal leaves, the lines that were piped in are done, or `signal` aborts. */
async function serveChannels(creel: Creel, stack: AsyncDisposableStack, signal: AbortSignal): Promise<number> {
  const { discord, telegram } = creel.config.settings;
  const hasChats = discord !== undefined || telegram !== undefined;
  const input = inputOf(process);
  // Who pipes lines in wants those done; a bot that comes and goes with them would only disturb the one that stays.
  if (!hasChats || input === "lines") return await runTerminal(creel, input, signal);
  // The prompt first: loading the libraries of chats takes longer than everything else.
  const leaving = input === "prompt" ? runTerminal(creel, input, signal) : null;
  const { openChats } = await import("./assembly/chats.ts");
  const chats = openChats(creel);
  stack.defer(() => chats.close());
  if (leaving !== null) return await leaving;
  const ended = signal.aborted ? Promise.resolve() : once(signal, "abort");
  const isUsable = await Promise.race([chats.settled, ended.then(() => true)]);
  // Nobody could give it a command. What refused it has been said; whoever started it may start it again.
  if (!isUsable) return 1;
  process.stderr.write("creel: ready\n");
  await ended;
  return 0;
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
