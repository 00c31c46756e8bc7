import { randomBytes } from "node:crypto";
import { commands } from "../../commands/index.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { Config } from "../config.ts";
import type { Authority, People } from "../core/actor.ts";
import type { Desk } from "../core/desk.ts";
import type { OpsError } from "../core/errors.ts";
import { createDesk } from "../desk/desk.ts";
import { fleetQuestions } from "../fleet/questions.ts";
import { makeFolder } from "../folders.ts";
import { type ConnectedStore, connectStore } from "../jobs/connected-store.ts";
import { createJobs, type Jobs } from "../jobs/jobs.ts";
import type { Services } from "../operations/services.ts";
import { checkNames, operationDefinitions } from "./definitions.ts";
import { redisAddress } from "./redis.ts";
import { buildServices } from "./services.ts";
import { show } from "./show.ts";
import { createTools, type Tools } from "./tools.ts";

/** Everything below is built once per process and closed in reverse. */
export interface Creel {
  readonly config: Config;
  readonly tools: Tools;
  readonly store: ConnectedStore;
  readonly services: Services;
  readonly jobs: Jobs;
  readonly desk: Desk;
}

/** Builds everything a mode needs; `stack` takes it apart again. @throws OpsError. */
export async function assemble(config: Config, stack: AsyncDisposableStack): Promise<Creel> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  const tools = createTools(config);
  const onError = (error: unknown) => tools.log.error(error);
  const onFatal = (error: OpsError) => {
    tools.log.error(error);
    show(renderRefusal(error), process.stderr);
    process.exit(1);
  };
  const address = await redisAddress(config, tools, onFatal, stack);
  const store = await connectStore(address, tools.redact, onError);
  stack.defer(() => store.disconnect());
  for (const warning of store.warnings) process.stderr.write(`creel: ${warning}\n`);
  const services = buildServices(config, tools, store.registry);
  const jobs = createJobs(store, {
    definitions: operationDefinitions(services, config),
    now: Date.now,
    random: Math.random,
    redact: tools.redact,
    concurrency: config.settings.concurrency,
    onError,
    onFailure: (error, { id, kind }) => tools.log.error(error, { operation: id, kind }),
  });
  stack.defer(() => jobs.close());
  return { config, tools, store, services, jobs, desk: buildDesk(config, tools, store, services, jobs) };
}

function buildDesk(
  config: Config,
  { redact }: Tools,
  { registry, audit, memory, limiter }: ConnectedStore,
  services: Services,
  { operations }: Jobs,
): Desk {
  const { limits } = config.settings;
  checkLimits(config);
  return createDesk({
    ...{ commands, operations, audit, registry, memory, limiter, limits, redact },
    authority: authorityOf(config),
    questions: fleetQuestions(services, operations, { now: Date.now, redact }),
    now: Date.now,
    makeTicketId: () => randomBytes(16).toString("base64url"),
  });
}

/** @throws OpsError `config-invalid` for limits of commands that do not exist. */
export function checkLimits({ settings }: Config): void {
  const names = commands.map(({ name }) => name);
  checkNames("limits", Object.keys(settings.limits), names, "command");
}

/** Whoever runs Creel owns it, unless the settings say who does. */
function authorityOf({ settings, user }: Config): Authority {
  const people = (listed: typeof settings.owners, terminal: readonly string[]): People => ({
    ...listed,
    terminal: listed.terminal ?? terminal,
  });
  return { owners: people(settings.owners, [user]), operators: people(settings.operators, []) };
}
