/** Who may import whom, as ARCHITECTURE.md says. Every rule's `from` names the folder that is held back. */

/** The file of a port has its folder's name. */
const ports = "^services/(?<port>[^/]+)/\\k<port>\\.ts$";

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { path: "^(src|commands|services|test)/", pathNot: allowed },
});

const fence = (name, module, allowed) => ({
  name,
  comment: `Only ${allowed} may use ${module}.`,
  severity: "error",
  from: { path: "^(src|commands|services)/", pathNot: allowed },
  to: { path: module },
});

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    only("core-imports-nothing", "^src/core/", "^src/core/", "core is pure and stands alone"),
    {
      name: "core-has-no-world",
      comment: "no node:*, no library in core",
      severity: "error",
      from: { path: "^src/core/" },
      to: { dependencyTypes: ["core", "npm", "npm-dev"] },
    },
    only(
      "commands-import-core-questions-operations",
      "^commands/",
      "^(commands|src/core|src/questions|src/operations)/",
    ),
    only(
      "questions-import-core-fleet-operations",
      "^src/questions/",
      `^src/(questions|core|fleet)/|^src/operations/(index|journal|machine|providers|words)\\.ts$|${ports}`,
    ),
    only(
      "channels-import-core-and-commands",
      "^src/channels/",
      "^(src/channels|src/core|src/questions|commands)/|^src/operations/words\\.ts$",
    ),
    only(
      "desk-imports-core-commands-operations",
      "^src/desk/",
      "^(src/desk|src/core|src/questions|commands)/|^src/operations/journal\\.ts$",
    ),
    only("agent-settings-import-core", "^src/agent-settings/", "^src/(agent-settings|core)/"),
    only("operations-import-core-and-ports", "^src/operations/", `^src/(operations|core|agent-settings)/|${ports}`),
    {
      name: "operations-use-ports-as-types",
      severity: "error",
      from: { path: "^src/operations/" },
      to: { path: "^services/", dependencyTypesNot: ["type-only"] },
    },
    only("fleet-imports-core-ports-operations", "^src/fleet/", `^src/(fleet|operations|core|agent-settings)/|${ports}`),
    only("init-imports-core-and-config", "^src/init/", "^src/(init|core)/|^src/(settings|folders)\\.ts$"),
    only("jobs-import-core-and-operations", "^src/jobs/", "^src/(jobs|core|agent-settings|operations)/"),
    only(
      "execution-knows-the-port-of-the-store",
      "^src/jobs/execution/",
      "^src/jobs/(execution/|abort\\.ts$|store/(port|record)\\.ts$)|^src/(core|operations)/",
      "carrying out operations knows neither Redis nor who is behind the port",
    ),
    only(
      "the-store-knows-no-execution",
      "^src/jobs/store/",
      "^src/jobs/(store/|abort\\.ts$)|^src/(core|agent-settings)/|^src/operations/older-names\\.ts$",
    ),
    only(
      "the-redis-process-stands-alone",
      "^src/jobs/redis-process/",
      "^src/jobs/(redis-process/|abort\\.ts$)|^src/core/",
    ),
    {
      name: "adapters-import-core-and-ports",
      comment: "an adapter never imports another port's adapter",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^(src|commands|services)/", pathNot: `^services/$1/|^src/core/|${ports}` },
    },
    {
      name: "nothing-imports-main",
      comment: "main and its assembly see everything, so nothing may see them",
      severity: "error",
      from: { pathNot: "^(test/|src/(main\\.ts$|assembly/))" },
      to: { path: "^src/(main\\.ts$|assembly/)" },
    },
    {
      name: "chats-stand-alone",
      comment: "what is common to chats knows no chat, and no chat knows another",
      severity: "error",
      from: { path: "^src/channels/(chat|shape|discord|telegram|console)/" },
      to: { path: "^src/channels/(chat|discord|telegram|console)/", pathNot: "^src/channels/$1/" },
    },
    { name: "no-tests-in-production", severity: "error", from: { pathNot: "^test/" }, to: { path: "^test/" } },
    { name: "declared-dependencies", severity: "error", from: {}, to: { dependencyTypes: ["unknown", "npm-no-pkg"] } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependencies-in-production",
      severity: "error",
      from: { path: "^(src|commands|services)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    fence("bullmq-fence", "node_modules/(bullmq|ioredis)/", "^src/jobs/store/"),
    fence("discord-fence", "node_modules/(discord\\.js|@discordjs|discord-api-types)/", "^src/channels/discord/"),
    fence("telegram-fence", "node_modules/(grammy|@grammyjs)/", "^src/channels/telegram/"),
    fence("ssh-fence", "node_modules/ssh2/", "^services/host-shell/"),
    fence("gateway-client-fence", "node_modules/@openclaw/", "^services/gateway/"),
    fence("age-fence", "node_modules/age-encryption/", "^services/secrets/"),
    fence("1password-fence", "node_modules/@1password/", "^services/secrets/one-password/"),
    fence(
      "child-process-fence",
      "^(node:)?child_process$",
      "^(services/|src/jobs/redis-process/|src/assembly/terminal-output\\.ts$)",
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
