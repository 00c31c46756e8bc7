import { renderFindings } from "../channels/render/fleet.ts";
import type { Config } from "../config.ts";
import type { AgentRegistry } from "../core/agent.ts";
import { checks } from "../fleet/checks.ts";
import { diagnose } from "../fleet/doctor.ts";
import { makeFolder } from "../folders.ts";
import { connectStore } from "../jobs/connected-store.ts";
import { chatChecks } from "./chat-checks.ts";
import { checkLimits } from "./creel.ts";
import { operationDefinitions } from "./definitions.ts";
import { redisAddress } from "./redis.ts";
import { buildServices, localProvider } from "./services.ts";
import { show } from "./show.ts";
import { createTools } from "./tools.ts";

/** Operations are made to check settings against them, and none is run. */
const NO_AGENTS: AgentRegistry = {
  get: async () => null,
  list: async () => [],
  put: async () => undefined,
  remove: async () => undefined,
};

/** `creel doctor`. Resolves to the exit status. */
export async function runDoctor(config: Config): Promise<number> {
  const tools = createTools(config);
  const onError = (error: unknown) => tools.log.error(error);
  const openStore = async () => {
    makeFolder(config.stateDir, "CREEL_STATE_DIR");
    await using stack = new AsyncDisposableStack();
    const store = await connectStore(await redisAddress(config, tools, onError, stack), tools.redact, onError);
    stack.defer(() => store.disconnect());
    return store.warnings;
  };
  const { stateDir, cacheDir, file: configFile, settings } = config;
  const secrets = Object.entries({
    "gateway.token": settings.gateway.token,
    "redis.password": settings.redis?.password,
    "telegram.webhook.secret": settings.telegram?.webhook?.secret,
  });
  const findings = await diagnose(
    checks({
      ...{ stateDir, cacheDir, configFile, openStore },
      secrets: secrets.flatMap(([setting, ref]) => (ref === undefined ? [] : [{ setting, ref }])),
      checkSettings() {
        checkLimits(config);
        operationDefinitions(buildServices(config, tools, NO_AGENTS), config);
      },
      makeFolder,
      resolve: tools.resolve,
      providers: [localProvider(config)],
      chats: chatChecks(config, tools),
    }),
  );
  show(renderFindings(findings), process.stdout);
  return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
}
