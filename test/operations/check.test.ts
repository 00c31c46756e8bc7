import { expect, it } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { beginUndo, fail, failureFrom, type Operation, start } from "../../src/core/operation.ts";
import { checkRequest } from "../../src/operations/check.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { ask } from "./crash-points.ts";
import { ada, createWorld } from "./world.ts";

const { services } = createWorld();
const params = { deploy: { name: "ada", provider: null, region: null, size: null }, other: { agent: "ada" } };
const definitions = {
  deploy: deployOperation(services),
  destroy: destroyOperation(services),
  restart: restartOperation(services),
};
type Kind = keyof typeof definitions;
const paramsOf = (kind: Kind) => (kind === "deploy" ? params.deploy : params.other);
const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
const states = {
  "under way": (operation: Operation) => start(operation, 1),
  "being undone": (operation: Operation) => beginUndo(start(operation, 1), cancelled, [], 2),
  over: (operation: Operation) => fail(start(operation, 1), cancelled, 2),
};

/** Why asking for `kind` is refused while another operation of the agent is there. */
async function refusalOf(kind: Kind, other: Kind, state: keyof typeof states): Promise<string | null> {
  const operation = states[state](ask(definitions[other], paramsOf(other), ada));
  const parts = { definitions: Object.values(definitions), recent: async () => [operation], worksHere: true };
  try {
    await checkRequest(parts, { kind, params: paramsOf(kind), agent: ada });
    return null;
  } catch (error) {
    return error instanceof OpsError ? `${error.userMessage} ${error.hint}` : String(error);
  }
}

it.each([
  ["deploy", "is being deployed already"],
  ["destroy", "is being removed"],
  ["restart", "is being restarted already"],
] as const)("what does the same as a %s under way is refused, and told what stops that one", async (kind, words) => {
  const refusal = await refusalOf(kind, kind, "under way");
  expect(refusal).toContain(words);
  expect(refusal).toContain("/cancel stops it");
});

it.each(
  (["deploy", "destroy", "restart"] as const).flatMap((kind) =>
    (["deploy", "destroy", "restart"] as const).map((other) => [kind, other] as const),
  ),
)("a %s waits for its turn while a %s is being undone, which nobody can cancel", async (kind, other) => {
  expect(await refusalOf(kind, other, "being undone")).toBeNull();
});

it("what nothing is under way for is looked at by itself", async () => {
  expect(await refusalOf("restart", "deploy", "over")).toContain("There is no agent called ada.");
  expect(await refusalOf("deploy", "deploy", "over")).toBeNull();
});
