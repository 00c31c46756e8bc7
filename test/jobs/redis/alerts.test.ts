import { expect, it, onTestFinished } from "vitest";
import type { Concern } from "../../../src/core/concern.ts";
import { parseAgentName, parseHostName } from "../../../src/core/names.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { agentCalled } from "../../desk/world.ts";
import { installCreel } from "../../e2e/creel.ts";
import { startTelegramServer } from "../../fixtures/telegram/server.ts";
import { openJobs, startShared } from "./world.ts";

const TOM = 7001;
const PATIENT = { timeout: 120_000, interval: 200 };
const silent = (name: string): Concern => ({
  ...{ key: `agent:${name}`, severity: "person", agent: parseAgentName(name), type: "silent", note: null },
});

/** Where it is noon, whenever this is run: today's digest is due, and the day does not end meanwhile. */
function noonZone(): string {
  const east = 12 - new Date().getUTCHours();
  // What is called GMT-3 is three hours ahead of GMT.
  return `Etc/GMT${east > 0 ? "-" : "+"}${Math.abs(east)}`;
}

it("a bot without hosts tells what workers elsewhere find, once, however often it is killed, and finds nothing by itself", async () => {
  const { url } = await startShared();
  const store = await openJobs({ url, username: "creel", password: new Secret("correct-horse") }, []);
  const telegram = await startTelegramServer({ patienceMs: 120_000 });
  onTestFinished(() => telegram[Symbol.asyncDispose]());
  telegram.addPerson({ id: TOM, name: "Tom" });
  const creel = installCreel(
    [
      `owners: { telegram: [${TOM}] }`,
      `redis: { url: "${url.replace("//", "//creel@")}", password: "env:REDIS_PASSWORD" }`,
      `telegram: { token: "env:TELEGRAM", apiRoot: "${telegram.apiRoot}" }`,
      `alerts: { telegram: "${TOM}", digest: "00:00", timeZone: ${noonZone()} }\n`,
    ].join("\n"),
    { TELEGRAM: telegram.token, REDIS_PASSWORD: "correct-horse" },
  );
  onTestFinished(() => creel[Symbol.asyncDispose]());
  const told = () => telegram.messages(TOM).flatMap(({ byBot, text }) => (byBot ? [text.split("\n")[0]] : []));
  const start = async () => {
    const bot = creel.serve("bot");
    await bot.printed(/creel: ready/);
    return bot;
  };
  const at = (name: string) => agentCalled(name, { provider: "local@elsewhere", host: parseHostName(`${name}-abc`) });
  for (const name of ["ada", "bob"]) await store.registry.put(at(name));

  const first = await start();
  await telegram.say(TOM, "/status agent:ada");
  await telegram.waitFor(() =>
    telegram.messages(TOM).find(({ text }) => /takes a worker at local@elsewhere/.test(text)),
  );
  const before = told().length;
  /** Telegram posts a message anew when it is asked again: as with outcomes, it has to be known that it is there. */
  const isTold = (name: string) =>
    expect
      .poll(() => store.memory.get(`alert:telegram:agent:${name}`), PATIENT)
      .toMatchObject({ posted: { id: expect.any(String) } });
  await store.concerns.raise(silent("ada"), null);
  await isTold("ada");
  await first.kill();

  await store.concerns.raise(silent("bob"), null);
  const second = await start();
  await isTold("bob");
  await second.kill();

  // Nobody has looked so far; a worker does, at once, and goes without a word: what it has to tell, the bot tells.
  expect(await store.sights.all()).toEqual([]);
  expect(await store.sights.digest()).toBeNull();
  const worker = creel.serve("worker");
  await expect.poll(async () => (await store.sights.all()).length, PATIENT).toBe(1);
  expect(await store.sights.all()).toMatchObject([{ provider: expect.stringMatching(/^local@/), agents: [] }]);
  await expect.poll(() => store.sights.digest(), PATIENT).not.toBeNull();
  const digest = await store.sights.digest();
  expect((await worker.end()).exitCode).toBe(0);

  await store.concerns.settle("agent:ada", null);
  const third = await start();
  await expect.poll(() => store.memory.get("alert:telegram:agent:ada"), PATIENT).toBeNull();
  await expect.poll(() => store.memory.get("digest:telegram"), PATIENT).toBe(digest?.day);
  expect((await third.end()).exitCode).toBe(0);
  expect(
    told()
      .slice(before)
      .map((title) => title?.replace(/^\P{L}+/u, "")),
  ).toEqual([
    // It is settled in its place, and the good news are told below.
    "ada cannot be asked.",
    "bob cannot be asked.",
    "All right again.",
    "Today: 2 agents, 2 to look at.",
  ]);
}, 300_000);
