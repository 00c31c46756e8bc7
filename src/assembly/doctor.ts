import { renderFindings } from "../channels/render/fleet.ts";
import type { Config } from "../config.ts";
import { CHATS } from "../core/chat.ts";
import { OpsError } from "../core/errors.ts";
import { secretsIn } from "../core/secrets.ts";
import { strandedHosts } from "../fleet/adopt.ts";
import { checks, type StoreLook } from "../fleet/checks.ts";
import { diagnose } from "../fleet/doctor.ts";
import { makeFolder } from "../folders.ts";
import { embeddedSocket } from "../jobs/redis-process/embedded-redis.ts";
import { connectStore } from "../jobs/store/connected-store.ts";
import { operations } from "../operations/index.ts";
import { unreadableFinding } from "../questions/unreadable.ts";
import { readerOf } from "../settings.ts";
import { workspacesIn } from "./agent-layers.ts";
import { chatChecks } from "./chat-checks.ts";
import { authorityOf, checkLimits } from "./creel.ts";
import { operationDefinitions } from "./definitions.ts";
import { NOTHING_STORED } from "./nothing-stored.ts";
import { redisAddress } from "./redis.ts";
import { buildServices } from "./services.ts";
import { show } from "./show.ts";
import { createTools } from "./tools.ts";

/** `creel doctor`. Resolves to the exit status. */
export async function runDoctor(config: Config): Promise<number> {
  const tools = createTools(config);
  const onError = (error: unknown) => tools.log.error(error);
  const services = buildServices(config, tools, NOTHING_STORED);
  const lookAtStore = async (): Promise<StoreLook> => {
    makeFolder(config.stateDir, "CREEL_STATE_DIR");
    await using stack = new AsyncDisposableStack();
    let running: string | null = null;
    const address = await redisAddress(config, tools, onError, stack).catch((error: unknown) => {
      // Creel's own Redis belongs to the Creel that runs; it is fine as long as that one is.
      if (!(error instanceof OpsError) || error.code !== "wrong-state") throw error;
      running = error.userMessage;
      return { socketPath: embeddedSocket(config.stateDir) };
    });
    const store = await connectStore(address, tools.redact, onError);
    stack.defer(() => store.disconnect());
    const stranded = await strandedHosts({ ...services, registry: store.registry });
    const findings = [
      ...store.warnings.map((seen) => ({
        verdict: "warning" as const,
        seen,
        fix: "Change it in Redis' configuration.",
      })),
      ...(await store.unreadable()).map(unreadableFinding),
    ];
    return { findings, running, stranded };
  };
  const { stateDir, cacheDir, file: configFile, settings } = config;
  // Those of chats are tried in the chats.
  const inChats = CHATS.map((chat) => `${chat}.token`);
  const findings = await diagnose(
    checks({
      ...{ stateDir, cacheDir, configFile, lookAtStore },
      secrets: secretsIn(settings).filter(({ setting }) => !inChats.includes(setting)),
      checkSettings() {
        checkLimits(config);
        operationDefinitions(services, config);
      },
      people: {
        ...{ authority: authorityOf(config), user: config.user },
        chats: CHATS.filter((chat) => settings[chat] !== undefined),
        alerts: CHATS.filter((chat) => settings.alerts[chat] !== undefined),
      },
      makeFolder,
      resolve: tools.resolve,
      ports: services,
      chats: chatChecks(config, tools),
      workspaces: workspacesIn(config),
      features: operations.flatMap((operation) => operation.checks?.(services, readerOf(settings)) ?? []),
    }),
  );
  show(renderFindings(findings), process.stdout);
  return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
}
