import { connect } from "node:net";
import { askAgent } from "../../services/gateway/ask.ts";
import { channelLooks } from "../../services/gateway/channels.ts";
import { withRpc } from "../../services/gateway/rpc.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import type { Secret } from "../../src/core/secrets.ts";
import { canRunHosts, IMAGES_DIR, installCreel } from "../e2e/creel.ts";
import { eventually } from "../eventually.ts";
import { deployByHand } from "./by-hand.ts";
import { goldenImage } from "./golden-image.ts";
import { carryOut, stepTimes, tookMs } from "./operations.ts";
import { median, type Result, round } from "./results.ts";
import { type Services, startServices } from "./services.ts";

const PAIRS = 3;
const SUBNET = "10.94";
const GIVEN = { model: true, telegram: true };
const WORDS = "I am here.";
const never = new AbortController().signal;

/** `/deploy` of an agent with a model and a bot, until it has answered and its bot is connected, against the same done by hand, in turns. */
export async function deploySettings(): Promise<Result> {
  if (!canRunHosts()) throw new Error("Hosts under systemd-nspawn need root.");
  const image = await goldenImage();
  const byHand = async () => {
    await using services = await startServices();
    services.models.answer(() => WORDS);
    const { address } = services;
    return round(await deployByHand(image, { setup: services.setup(GIVEN), address, prove: answersAndListens }));
  };
  // Brings the image into the page cache, so that the first pair is like the others.
  await byHand();
  const pairs: { readonly creel: Awaited<ReturnType<typeof withCreel>>; readonly byHandSeconds: number }[] = [];
  for (let number = 1; number <= PAIRS; number += 1) {
    const pair = { creel: await withCreel(), byHandSeconds: await byHand() };
    pairs.push(pair);
    console.log(`  pair ${number}: /deploy ${pair.creel.seconds} s, by hand ${pair.byHandSeconds} s`);
  }
  const ratios = pairs.map(({ creel, byHandSeconds }) => round(creel.seconds / byHandSeconds));
  return {
    notes: [
      `Medians of ${PAIRS} pairs, in turns. /deploy counts from the command's acknowledgement to the end of the operation, with every check.`,
      "By hand: the same image, host files, units, configuration and secrets, until /readyz says so; then one turn and looks at its channels at",
      "the same time, over one connection that is open already, until both are as they should be. It checks nothing before (test/bench/by-hand.sh).",
    ],
    figures: [
      { what: "/deploy with model and bot, ratio to by hand", value: median(ratios), unit: "x", target: 1.05 },
      { what: "/deploy with model and bot", value: median(pairs.map(({ creel }) => creel.seconds)), unit: "s" },
      { what: "by hand", value: median(pairs.map(({ byHandSeconds }) => byHandSeconds)), unit: "s" },
      ...Object.keys(pairs[0]?.creel.steps ?? {}).map((name) => ({
        what: `step ${name}`,
        value: median(pairs.map(({ creel }) => creel.steps[name] ?? Number.NaN)) / 1000,
        unit: "s" as const,
      })),
    ],
    raw: { image: image.fingerprint, openclaw: image.openclawVersion, ratios, pairs },
  };
}

async function withCreel() {
  await using stack = new AsyncDisposableStack();
  const services: Services = stack.use(await startServices());
  services.models.answer(() => WORDS);
  const creel = stack.use(installCreel("", services.environment));
  services.giveTo(creel, SUBNET, GIVEN);
  const { stateDir } = creel;
  // As in the benchmark of a deploy without settings.
  await createLocalProvider({ stateDir, cacheDir: IMAGES_DIR }).images.build(() => undefined, never);
  const running = creel.start("start");
  stack.defer(() => running.kill());
  running.type("/status");
  await running.printed(/no agents yet/);
  const { operation } = await carryOut(creel, running, "/deploy name:bench", /Deployed bench in/);
  if (!running.output().includes(WORDS)) throw new Error(`It did not show an answer:\n${running.output()}`);
  if (!running.output().includes(`@${services.bot} is listening`)) throw new Error(`No bot:\n${running.output()}`);
  return { seconds: tookMs(operation) / 1000, steps: stepTimes(operation) };
}

/** Resolves when the agent has answered and its bot is connected. */
async function answersAndListens(socket: string, token: Secret): Promise<void> {
  const shell = { dial: async () => connect(socket) };
  await withRpc({ shell, port: 0, token }, async (session) => {
    let turns = 0;
    const answers = eventually(() => {
      turns += 1;
      return askAgent(session, { message: "Say hello.", key: `by-hand-${turns}` }, never);
    });
    const listens = eventually(async () => {
      const looks = await channelLooks(session);
      return looks.find(({ channel, state }) => channel === "telegram" && state === "connected") ?? null;
    });
    const [{ text }] = await Promise.all([answers, listens]);
    if (text !== WORDS) throw new Error(`The agent said: ${text}`);
  });
}
