import { describe, expect, it } from "vitest";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { NO_SETTINGS } from "../../src/core/agent-settings.ts";
import { asOpsError, OpsError } from "../../src/core/errors.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { Secret, vaultRef } from "../../src/core/secrets.ts";
import { connectedAs, firstAnswer } from "../../src/operations/settings/prove.ts";
import { startModelServer } from "../fixtures/model/server.ts";
import { startTelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts } from "./creel.ts";
import { forwardTo } from "./in-reach.ts";
import { never, reach, until, useLocalHosts } from "./local-hosts.ts";

const PORT = 18_789;
const ada = parseAgentName("ada");
const [good, wrong, bot] = [vaultRef("good"), vaultRef("wrong"), vaultRef("bot")];

describe.runIf(canRunHosts())("what a real gateway tells", () => {
  const hosts = useLocalHosts();
  const gateway = createQuadletGateway({ system: debian });

  /** Until it is worth no more waiting. */
  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (asOpsError(error).retry !== "later") throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  it("of a fallback that answers, of a turn that nobody waits for any more, and of a bot that others read", async () => {
    await using models = await startModelServer({ address: "0.0.0.0" });
    await using telegram = await startTelegramServer({ patienceMs: 120_000 });
    await using forward = await forwardTo("0.0.0.0", Number(new URL(telegram.apiRoot).port));
    const { host } = await hosts.newHost("ada");
    await using shell = await reach(hosts.shells, host);
    const { port, pathname } = new URL(models.openaiUrl);
    const lab = {
      baseUrl: `http://${hosts.subnet}.0.1:${port}${pathname}`,
      api: "openai-completions",
      models: [],
    } as const;
    const settings = {
      ...{ ...NO_SETTINGS, model: "bad/test-model", fallbacks: ["lab/test-model"] },
      providers: { bad: { ...lab, key: wrong }, lab: { ...lab, key: good } },
    };
    const secrets = new Map([
      [good, new Secret(models.key)],
      [wrong, new Secret("sk-of-nobody")],
      [bot, new Secret(telegram.token)],
    ]);
    const spec = { port: PORT, containerImage: host.containerImage, setup: { settings, secrets } };
    const token = new Secret("canary-of-a-gateway-token");
    await gateway.install(shell, { ...spec, agent: ada, memoryMb: 2048, token, workspace: null }, never);
    await gateway.start(shell, never);
    await patiently(() => gateway.checkReady(shell, PORT, never));

    const talking = { talk: gateway.talk, shell, port: PORT };
    const proof = firstAnswer(talking, { key: "creel-1", redact: (text) => text, settings }, never);
    await expect(proof).rejects.toMatchObject({
      code: "agent-cannot-answer",
      userMessage: "bad/test-model does not answer: its fallback lab/test-model did instead.",
    });

    models.trouble("hangs");
    const dead = new AbortController();
    const turn = { message: "Think.", key: "creel-2" };
    const lost = gateway.talk.ask(shell, PORT, turn, dead.signal).catch(asOpsError);
    await until(async () => models.hanging > 0);
    dead.abort(new OpsError({ code: "superseded", userMessage: "Its worker died." }));
    expect(await lost).toMatchObject({ code: "superseded" });
    const again = gateway.talk.ask(shell, PORT, turn, never).catch(asOpsError);
    for (const _ of [1, 2]) await gateway.talk.stop(shell, PORT, turn.key, never);
    expect(await again).toMatchObject({ userMessage: expect.stringContaining("stopped before the end") });
    models.trouble(null);

    const poller = telegram.secondPoller();
    const channels = {
      telegram: { token: bot, apiRoot: `http://${hosts.subnet}.0.1:${forward.port}` },
      discord: null,
    };
    await gateway.settings.put(shell, { ...spec, setup: { settings: { ...settings, channels }, secrets } }, never);
    await patiently(() => gateway.settings.taken(shell, PORT, never));
    const expected = { telegram: { id: String(telegram.botId), name: telegram.botUsername } };
    const look = connectedAs(ada, expected, () => performance.now());
    await expect(patiently(() => look(talking, never))).rejects.toMatchObject({
      code: "chat-refused",
      userMessage: expect.stringMatching(/getUpdates conflict.*only one bot instance/i),
      hint: expect.stringContaining("If another program uses this bot, stop that one"),
    });
    poller.stop();
    await until(async () => {
      const [its] = await gateway.talk.channels(shell, PORT, never);
      return its?.state === "connected";
    });
    await gateway.stop(shell, never);
  }, 300_000);
});
