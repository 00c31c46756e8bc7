import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { askAgent } from "../../services/gateway/ask.ts";
import type { Gateway } from "../../services/gateway/gateway.ts";
import { SECRETS_FILE } from "../../services/gateway/paths.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { withRpc } from "../../services/gateway/rpc.ts";
import { secretMapIn } from "../../services/gateway/secret-map.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { debian } from "../../services/system/debian/debian.ts";
import type { Host } from "../../src/core/host.ts";
import { Secret } from "../../src/core/secrets.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "../e2e/creel.ts";
import { eventually } from "../eventually.ts";
import { carryOut, stepTimes, tookMs } from "./operations.ts";
import { median, type Result, round } from "./results.ts";
import { type Services, startServices } from "./services.ts";

const SUBNET = "10.95";
const TURNS = 10;
const REST_MS = 1000;
const MESSAGE = "Say which number this is.";
const CONNECTS = 3;
const never = new AbortController().signal;

/** An agent that serves, as Creel has it, and the way to it without Creel. */
interface Bench {
  readonly services: Services;
  readonly creel: Installation;
  readonly running: RunningCreel;
  readonly host: Host;
  readonly shell: HostShell;
  readonly gateway: Gateway;
}

/** `/ask` and `/connect` in a real `creel start`, on nspawn, each in turns with the same done over a connection that is open already. */
export async function talk(): Promise<Result> {
  if (!canRunHosts()) throw new Error("Hosts under systemd-nspawn need root.");
  await using stack = new AsyncDisposableStack();
  const services = stack.use(await startServices());
  const creel = stack.use(installCreel("", services.environment));
  services.giveTo(creel, SUBNET, { model: true, telegram: false });
  const running = creel.start("start");
  stack.defer(() => running.kill());
  await carryOut(creel, running, "/deploy name:ada", /Deployed ada in/);
  const { stateDir } = creel;
  const [host] = await createLocalProvider({ stateDir, cacheDir: IMAGES_DIR }).list();
  if (host === undefined) throw new Error("There is no host.");
  const shell = stack.use(await createSshShells({ keyFile: join(stateDir, "ssh", "id_ed25519") }).connect(host));
  const bench = { services, creel, running, host, shell, gateway: createQuadletGateway({ system: debian }) };

  const asked = await askInTurns(bench);
  const connected = await connectInTurns(bench);
  const overhead = asked.map(({ creel: one, gatewayMs }) => one.totalMs - gatewayMs);
  const steps = Object.keys(asked[0]?.creel.steps ?? {});
  return {
    notes: [
      `/ask: medians of ${TURNS} pairs after one that warms up, each side first in every other; the overhead is the median of the differences.`,
      "The gateway's own turn: chat.send over RPC until the final event, on an SSH and RPC connection that is open already.",
      `/connect: medians of ${CONNECTS}, each with the same settings put by hand, until channels.status says connected; nothing checked before.`,
    ],
    figures: [
      { what: "/ask, overhead above the gateway's own turn", value: median(overhead), unit: "ms", target: 150 },
      {
        what: "/ask, from command to end of the operation",
        value: median(asked.map((one) => one.creel.totalMs)),
        unit: "ms",
      },
      {
        what: "/ask, from the typed line to the answer shown",
        value: median(asked.map((one) => one.creel.shownMs)),
        unit: "ms",
      },
      { what: "the gateway's own turn", value: median(asked.map((one) => one.gatewayMs)), unit: "ms" },
      ...steps.map((name) => ({
        what: `/ask, ${name}`,
        value: median(asked.map((one) => one.creel.steps[name] ?? Number.NaN)),
        unit: "ms" as const,
      })),
      {
        what: "/connect until connected",
        value: median(connected.map((one) => one.creel.connectedMs)) / 1000,
        unit: "s",
      },
      { what: "/connect to its end", value: median(connected.map((one) => one.creel.totalMs)) / 1000, unit: "s" },
      { what: "put by hand until connected", value: median(connected.map((one) => one.byHandMs)) / 1000, unit: "s" },
      {
        what: "/connect, ratio to by hand",
        value: median(connected.map((one) => one.creel.connectedMs / one.byHandMs)),
        unit: "x",
      },
      ...Object.keys(connected[0]?.creel.steps ?? {}).map((name) => ({
        what: `/connect, ${name}`,
        value: median(connected.map((one) => one.creel.steps[name] ?? Number.NaN)) / 1000,
        unit: "s" as const,
      })),
    ],
    raw: { openclaw: host.containerImage, asked, connected },
  };
}

async function askInTurns({ services, creel, running, host, shell }: Bench) {
  const token = new Secret(secretMapIn(await shell.check(["cat", SECRETS_FILE])).gatewayToken);
  return await withRpc({ shell, port: host.gatewayPort, token }, async (session) => {
    async function withCreel(words: string) {
      const line = `/ask agent:ada message:"${MESSAGE}"`;
      const { operation, shownMs } = await carryOut(creel, running, line, new RegExp(words.replaceAll(" ", "\\s+")));
      return { totalMs: tookMs(operation), shownMs: round(shownMs), steps: stepTimes(operation) };
    }
    async function directly(words: string) {
      const startedMs = performance.now();
      const { text } = await askAgent(session, { message: MESSAGE, key: `bench-${words}` }, never);
      if (text !== words) throw new Error(`The agent said: ${text}`);
      return round(performance.now() - startedMs);
    }
    /** What the gateway does after a turn is over by then. */
    async function rested<Value>(turn: (words: string) => Promise<Value>, words: string): Promise<Value> {
      services.models.answer(() => words);
      await delay(REST_MS);
      return await turn(words);
    }
    const pairs = [];
    for (let number = 0; number <= TURNS; number += 1) {
      // Who comes second finds the machine warmer.
      const first = number % 2 === 0 ? await rested(directly, `${number} directly.`) : null;
      const its = await rested(withCreel, `${number} by Creel.`);
      const pair = { creel: its, gatewayMs: first ?? (await rested(directly, `${number} directly.`)) };
      // The first pair only warms up.
      if (number > 0) pairs.push(pair);
    }
    return pairs;
  });
}

async function connectInTurns(bench: Bench) {
  const { services, creel, running } = bench;
  services.giveTo(creel, SUBNET, { model: true, telegram: true });
  const rounds = [];
  for (let number = 0; number < CONNECTS; number += 1) {
    const listening = new RegExp(`@${services.bot}\\s+is\\s+listening`);
    const { operation } = await carryOut(creel, running, "/connect agent:ada channel:telegram", listening);
    await carryOut(creel, running, "/disconnect agent:ada channel:telegram", /Disconnected ada/);
    const byHandMs = round(await connectByHand(bench));
    const its = {
      connectedMs: tookMs(operation, "connected"),
      totalMs: tookMs(operation),
      steps: stepTimes(operation),
    };
    rounds.push({ creel: its, byHandMs });
    console.log(`  round ${number + 1}: /connect ${its.connectedMs} ms, by hand ${byHandMs} ms`);
  }
  return rounds;
}

/** ms until the bot is connected. Afterwards the gateway has the settings from before. */
async function connectByHand({ services, gateway, shell, host }: Bench): Promise<number> {
  const { gatewayPort: port, containerImage } = host;
  const setup = services.setup({ model: true, telegram: true });
  const startedMs = performance.now();
  await gateway.settings.put(shell, { port, containerImage, setup }, never);
  await gateway.start(shell, never);
  await eventually(async () => {
    const looks = await gateway.talk.channels(shell, port, never);
    return looks.find(({ channel, state }) => channel === "telegram" && state === "connected") ?? null;
  });
  const tookMs = performance.now() - startedMs;
  await gateway.settings.goBack(shell, never);
  await gateway.start(shell, never);
  await eventually(() => gateway.settings.taken(shell, port, never));
  await gateway.settings.settle(shell, never);
  return tookMs;
}
