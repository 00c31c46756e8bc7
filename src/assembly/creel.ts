import { randomBytes, randomInt } from "node:crypto";
import { commands } from "../../commands/index.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { Config } from "../config.ts";
import type { Authority, People } from "../core/actor.ts";
import type { Desk } from "../core/desk.ts";
import type { OpsError } from "../core/errors.ts";
import { lanesOf } from "../core/lane.ts";
import { redactError } from "../core/redaction.ts";
import { secretsIn } from "../core/secrets.ts";
import { createDesk } from "../desk/desk.ts";
import { makeFolder } from "../folders.ts";
import { createJobs, type Jobs } from "../jobs/jobs.ts";
import { type ConnectedStore, connectStore } from "../jobs/store/connected-store.ts";
import { checkNames, operationDefinitions } from "./definitions.ts";
import { redisAddress } from "./redis.ts";
import { buildServices, type Services } from "./services.ts";
import { show } from "./show.ts";
import { createTools, type Tools } from "./tools.ts";

/** The largest range that `randomInt` takes. */
const MOST_RANDOM = 2 ** 48 - 1;

/** Everything below is built once per process and closed in reverse. */
export interface Creel {
  readonly config: Config;
  readonly tools: Tools;
  readonly store: ConnectedStore;
  readonly services: Services;
  readonly jobs: Jobs;
  readonly desk: Desk;
}

/** Builds everything a mode needs; `stack` takes it apart again. `mayBeginAnew`: see `redisAddress`. @throws OpsError. */
export async function assemble(
  config: Config,
  stack: AsyncDisposableStack,
  { mayBeginAnew = false } = {},
): Promise<Creel> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  const tools = createTools(config);
  const onError = (error: unknown) => tools.log.error(error);
  const onFatal = (error: OpsError) => {
    tools.log.error(error);
    show(renderRefusal(redactError(error, tools.redact)), process.stderr);
    process.exit(1);
  };
  const address = await redisAddress(config, tools, onFatal, stack, mayBeginAnew);
  const store = await connectStore(address, tools.redact, onError);
  stack.defer(() => store.disconnect());
  for (const warning of store.warnings) process.stderr.write(`creel: ${warning}\n`);
  const services = buildServices(config, tools, store);
  const jobs = createJobs(store, {
    definitions: operationDefinitions(services, config),
    lanes: [...new Set([...services.providers.keys()].flatMap(lanesOf))],
    now: Date.now,
    random: () => randomInt(MOST_RANDOM) / MOST_RANDOM,
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
  { redact, learn }: Tools,
  { audit, memory, limiter }: ConnectedStore,
  services: Services,
  { operations }: Jobs,
): Desk {
  const { limits } = config.settings;
  checkLimits(config);
  return createDesk({
    ...{ commands, operations, audit, services, memory, limiter, limits, redact, learn },
    authority: authorityOf(config),
    ownSecrets: secretsIn({ ...config.settings, agents: {} }).map(({ ref }) => ref),
    now: Date.now,
    elapsed: () => performance.now(),
    makeTicketId: () => randomBytes(16).toString("base64url"),
  });
}

/** @throws OpsError `config-invalid` for limits of commands that do not exist. */
export function checkLimits({ settings }: Config): void {
  const names = commands.map(({ name }) => name);
  checkNames("limits", Object.keys(settings.limits), names, "command");
}

/** Whoever runs Creel owns it, unless the settings say who does. */
export function authorityOf({ settings, user }: Config): Authority {
  const people = (listed: typeof settings.owners, terminal: readonly string[]): People => ({
    ...listed,
    terminal: listed.terminal ?? terminal,
  });
  return { owners: people(settings.owners, [user]), operators: people(settings.operators, []) };
}
