import fc from "fast-check";
import { expect, test } from "vitest";
import type { Services } from "../../src/assembly/services.ts";
import type { AgentRegistry } from "../../src/core/agent.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { isEnded, type Operation, resume } from "../../src/core/operation.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { ask, type CrashPoint, crashPointsOf, run } from "./crash-points.ts";
import { ada, createWorld } from "./world.ts";

const params: Readonly<Record<string, Json>> = {
  deploy: { name: "ada", provider: null, region: null, size: null },
  destroy: { agent: "ada" },
  restart: { agent: "ada" },
};
const definitionsOf = (services: Services): readonly OperationDefinition[] => [
  deployOperation(services),
  destroyOperation(services),
  restartOperation(services),
];

type Fault = { readonly call: string; readonly when: string; readonly retry: "later" | "never" };
interface Turn {
  readonly kind: string;
  /** Of what is stuck, if anything is, in place of another operation. */
  readonly isRetry: boolean;
  readonly cancelDuring: string | undefined;
  readonly crashes: readonly CrashPoint[];
  /** Calls of the provider, the gateway or the registry that fail, before or after they have had their effect, for good or as if it were away. */
  readonly faults: readonly Fault[];
}

const fault = fc.record<Fault>({
  // What undoing needs is what it can get stuck on.
  call: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("find", "destroy", "forget") },
    { weight: 1, arbitrary: fc.constantFrom("create", "install", "start", "stop", "repair", "checkReady") },
  ),
  when: fc.constantFrom("before", "before", "after"),
  retry: fc.constantFrom("later", "never"),
});
const turnOf = (definition: OperationDefinition) =>
  fc.record<Turn>({
    kind: fc.constant(definition.kind),
    isRetry: fc.boolean(),
    cancelDuring: fc.option(fc.constantFrom(...Object.keys(definition.steps)), { nil: undefined, freq: 3 }),
    crashes: fc.array(fc.constantFrom(...crashPointsOf(definition), ...crashPointsOf(definition.undo)), {
      maxLength: 2,
    }),
    faults: fc.array(fault, { maxLength: 2 }),
  });
const turn = fc.oneof(...definitionsOf(createWorld().services).map(turnOf));

test("whatever is cancelled, killed and broken, every host belongs to the agent or is named by what is stuck, and retries end that", {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 6 }), async (turns) => {
      let broken: readonly Fault[] = [];
      const faults = (call: string, when: string) => {
        const fault = broken.find((one) => one.call === call && one.when === when);
        if (fault) throw new OpsError({ code: "provider-failed", userMessage: `${call} fails.`, retry: fault.retry });
      };
      const world = createWorld({ provider: { faults }, gateway: { faults } });
      const registry: AgentRegistry = {
        ...world.registry,
        async remove(name) {
          faults("forget", "before");
          await world.registry.remove(name);
        },
      };
      const known = definitionsOf({ ...world.services, registry });
      const all = new Map<string, Operation>();
      const stuck = () => [...all.values()].filter(({ state }) => state === "stuck");
      const perform = async (
        operation: Operation,
        { crashes, faults: faulty, cancelDuring }: Omit<Turn, "kind" | "isRetry">,
      ) => {
        const definition = known.find(({ kind }) => kind === operation.kind);
        if (definition === undefined) throw new Error(operation.kind);
        broken = faulty;
        let record = operation;
        for (const crash of [...crashes, undefined]) {
          if (isEnded(record)) break;
          const options = cancelDuring === undefined ? {} : { cancelDuring };
          record = (await run(definition, record, crash === undefined ? options : { ...options, crash })).record;
        }
        broken = [];
        all.set(record.id, record);
        return record;
      };
      const expectNamed = async () => {
        const agent = await world.registry.get(ada);
        const named = stuck().flatMap(({ failure }) => failure?.leftBehind ?? []);
        for (const host of world.provider.machines()) {
          const isKnown = agent?.host === host || named.some((sentence) => sentence.includes(host));
          expect(isKnown, `${host} is not named`).toBe(true);
        }
        if (agent?.state === "deploying") expect(named.join(" ")).toContain("ada is half-made");
      };

      for (const { kind, isRetry, ...trouble } of turns) {
        const [oldest] = stuck();
        if (isRetry && oldest !== undefined) await perform(resume(oldest, 0), trouble);
        else {
          const definition = known.find((one) => one.kind === kind);
          if (definition) await perform(ask(definition, params[kind] ?? null, ada), trouble);
        }
        await expectNamed();
      }
      for (const operation of stuck()) {
        const ended = await perform(resume(operation, 0), { crashes: [], faults: [], cancelDuring: undefined });
        expect(ended.state).not.toBe("stuck");
        await expectNamed();
      }
      const agent = await registry.get(ada);
      expect(agent?.state).not.toBe("deploying");
      expect(world.provider.machines().filter((host) => host !== agent?.host)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
