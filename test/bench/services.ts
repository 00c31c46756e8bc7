import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GatewaySetup } from "../../services/gateway/settings.ts";
import { mergeLayers } from "../../src/agent-settings/merge.ts";
import { Secret, type SecretRef, secretsIn } from "../../src/core/secrets.ts";
import type { Installation } from "../e2e/creel.ts";
import { forwardTo, ownAddress } from "../e2e/in-reach.ts";
import { type ModelServer, startModelServer } from "../fixtures/model/server.ts";
import { startTelegramServer } from "../fixtures/telegram/server.ts";

/** What an agent is given in these benchmarks. */
interface Given {
  readonly model: boolean;
  readonly telegram: boolean;
}

/** A model and a bot that hosts with a way to the internet reach on this machine. */
export interface Services extends AsyncDisposable {
  readonly models: ModelServer;
  /** Where both are. */
  readonly address: string;
  /** Name of the bot, without @. */
  readonly bot: string;
  /** For `installCreel`. */
  readonly environment: Readonly<Record<string, string>>;
  /** For a gateway that is set up without Creel; with a value for every reference. */
  setup(given: Given): GatewaySetup;
  /** Writes creel.yaml; `subnet` is the first two bytes of the hosts' network. */
  giveTo(creel: Pick<Installation, "stateDir">, subnet: string, given: Given): void;
}

export async function startServices(): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const address = ownAddress();
  const models = stack.use(await startModelServer({ address }));
  const telegram = stack.use(await startTelegramServer({ patienceMs: 120_000 }));
  const { port } = stack.use(await forwardTo(address, Number(new URL(telegram.apiRoot).port)));
  const layer = (given: Given) => ({
    ...(given.model && { model: `lab/${models.model}` }),
    providers: { lab: { baseUrl: models.openaiUrl, api: "openai-completions", key: "env:LAB_KEY" } },
    ...(given.telegram && { channels: { telegram: { token: "env:BOT", apiRoot: `http://${address}:${port}` } } }),
  });
  const environment = { LAB_KEY: models.key, BOT: telegram.token };
  const values = new Map(Object.entries(environment).map(([name, value]) => [`env:${name}`, value]));
  const owned = stack.move();
  return {
    ...{ models, address },
    bot: telegram.botUsername,
    environment,
    setup(given) {
      const settings = mergeLayers([layer(given)]);
      const secretOf = (ref: SecretRef) => new Secret(values.get(ref) ?? "");
      return { settings, secrets: new Map(secretsIn(settings).map(({ ref }) => [ref, secretOf(ref)])) };
    },
    giveTo({ stateDir }, subnet, given) {
      const settings = {
        local: { driver: "nspawn", internet: true, subnet },
        // A machine for benchmarks may have nobody who looks at it from outside.
        gateway: { probe: false },
        agents: { defaults: layer(given) },
      };
      writeFileSync(join(stateDir, "creel.yaml"), JSON.stringify(settings), { mode: 0o600 });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
