import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { installCreel } from "../e2e/creel.ts";
import { freePort } from "../free-port.ts";
import { type ChatServers, type Owner, someOwners, startChatServers } from "./chat-servers.ts";
import { percentile, type Result, round } from "./results.ts";
import { sample } from "./sample.ts";

const AT_ONCE = 100;
const ROUNDS = 3;
const SETTLE_MS = 10_000;
const WATCH_MS = 20_000;

type Times = Readonly<Record<"discord" | "telegram", readonly number[]>>;

/** A hundred /deploy at once in each chat until each is answered, and the same with bots that only say one word. */
export async function chats(): Promise<Result> {
  // Fresh people in every round: nobody has to wait for what was said to them a moment ago.
  const owners = someOwners(AT_ONCE * (ROUNDS + 1));
  const bare = await measureBare(owners);
  const creel = await measureCreel(owners);
  const idle = await measureIdle();
  const figures = (["discord", "telegram"] as const).flatMap((chat) => [
    { what: `${chat}: answered, p50`, value: percentile(creel[chat], 0.5), unit: "ms" as const },
    { what: `${chat}: answered, p99`, value: percentile(creel[chat], 0.99), unit: "ms" as const, target: 250 },
    { what: `${chat}: bare library, p99`, value: percentile(bare[chat], 0.99), unit: "ms" as const },
    {
      what: `${chat}: p99, Creel / bare library`,
      value: percentile(creel[chat], 0.99) / percentile(bare[chat], 0.99),
      unit: "x" as const,
    },
  ]);
  return {
    notes: [
      `${ROUNDS} rounds of ${AT_ONCE} different /deploy at once, by as many people, first in Discord, then in Telegram; \`creel bot\` on a Redis with AOF always, no worker.`,
      "Answered: Discord, the interaction's first answer, after the operation is on disk. Telegram, the status message.",
      "Baseline: bots of discord.js and grammY alone that answer everything with one word, against the same servers, in the same minute.",
      `Idle: \`creel start\` with both chats connected, ${SETTLE_MS / 1000} s after its start, processor over ${WATCH_MS / 1000} s.`,
    ],
    figures: [
      ...figures,
      { what: "idle with both chats, resident memory", value: idle.rssMb, unit: "MB", target: 180 },
      { what: "idle with both chats, processor in 20 s", value: idle.cpuMs, unit: "ms" },
    ],
    raw: { creel: mapValues(creel), bare: mapValues(bare), idle },
  };
}

async function measureBare(owners: readonly Owner[]): Promise<Times> {
  await using servers = await startChatServers(owners, false);
  const { discord, telegram } = servers;
  await registerDeploy(servers);
  const script = fileURLToPath(new URL("./bare-bots.script.ts", import.meta.url));
  const argv = [script, discord.api, discord.token, telegram.apiRoot, telegram.token];
  const bots = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(bots.stdout, "data");
    return await rounds(servers, owners);
  } finally {
    await stop(bots);
  }
}

/** Bots that only answer register nothing; a person can type only what is registered. */
async function registerDeploy({ discord }: ChatServers): Promise<void> {
  const option = { type: 3, name: "name", description: "Name", required: true };
  const url = `${discord.api}/v10/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`;
  const body = JSON.stringify([{ name: "deploy", description: "Deploy", options: [option] }]);
  const headers = {
    authorization: `Bot ${discord.token}`,
    "content-type": "application/json",
    // Discord turns away who does not say this.
    "user-agent": "DiscordBot (https://localhost, 1)",
  };
  const answer = await fetch(url, { method: "PUT", headers, body });
  if (!answer.ok) throw new Error(await answer.text());
}

async function measureCreel(owners: readonly Owner[]): Promise<Times> {
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await startChatServers(owners, false));
  const port = await startRedis(stack);
  const settings = `redis: { url: "redis://127.0.0.1:${port}" }\nlimits: { deploy: 1000 }\n${servers.settings}`;
  const creel = stack.use(installCreel(settings, servers.environment));
  const bot = creel.serve("bot");
  stack.defer(() => bot.end().then(() => undefined));
  await bot.printed(/creel: ready/);
  await servers.connected();
  return await rounds(servers, owners);
}

async function measureIdle() {
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await startChatServers(someOwners(1), true));
  const cache = mkdtempSync(join(tmpdir(), "creel-cache-"));
  stack.defer(() => rmSync(cache, { recursive: true, force: true }));
  const creel = stack.use(installCreel(servers.settings, { ...servers.environment, NODE_COMPILE_CACHE: cache }));
  const start = async () => {
    const running = creel.serve("start");
    await running.printed(/creel: ready/);
    await servers.connected();
    return running;
  };
  // Most starts find compiled code.
  await (await start()).end();
  const running = await start();
  stack.defer(() => running.end().then(() => undefined));
  await delay(SETTLE_MS);
  const pids = { creel: running.process.pid ?? 0 };
  const before = sample(pids).creel;
  await delay(WATCH_MS);
  const after = sample(pids).creel;
  return { rssMb: before.rssMb, cpuMs: after.cpuMs - before.cpuMs };
}

async function startRedis(stack: AsyncDisposableStack): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "creel-redis-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const listen = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
  const redis = spawn("redis-server", [...listen, ...durable], { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => stop(redis));
  for await (const text of redis.stdout) if (String(text).includes("Ready to accept")) break;
  redis.stdout.resume();
  return port;
}

async function rounds(servers: ChatServers, owners: readonly Owner[]): Promise<Times> {
  const { discord, telegram } = servers;
  const channels = owners.slice(0, AT_ONCE).map((_, index) => discord.addChannel(`room-${index}`));
  const times = { discord: [] as number[], telegram: [] as number[] };
  // The first round only warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const people = owners.slice(round * AT_ONCE, (round + 1) * AT_ONCE);
    const measured = {
      discord: await atOnce(async (index) => {
        const [owner, channelId] = [people[index], channels[index]];
        if (!owner || !channelId) throw new Error("no such owner");
        await discord.run(owner.discord, "deploy", { name: `d${round}-${index}` }, { channelId }).acknowledged;
      }),
      telegram: await atOnce(async (index) => {
        const id = people[index]?.telegram ?? 0;
        await telegram.say(id, `/deploy name:t${round}-${index}`);
        await telegram.nextMessage(id);
      }),
    };
    if (round === 0) continue;
    times.discord.push(...measured.discord);
    times.telegram.push(...measured.telegram);
  }
  return times;
}

async function atOnce(act: (index: number) => Promise<void>): Promise<number[]> {
  return await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      const startedMs = performance.now();
      await act(index);
      return performance.now() - startedMs;
    }),
  );
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

function mapValues(times: Times) {
  return { discord: times.discord.map(round), telegram: times.telegram.map(round) };
}
