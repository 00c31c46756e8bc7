import type { Config } from "../config.ts";
import { OpsError } from "../core/errors.ts";
import { type OperationDefinition, withBudgets } from "../operations/definition.ts";
import { deployOperation } from "../operations/deploy/deploy.ts";
import { destroyOperation } from "../operations/destroy.ts";
import type { Services } from "../operations/services.ts";
import { snapshotBuildOperation } from "../operations/snapshot-build.ts";

/** Every operation, with the time budgets of `creel.yaml`. @throws OpsError `config-invalid` for budgets of what does not exist. */
export function operationDefinitions(services: Services, { settings }: Config): OperationDefinition[] {
  const all = [deployOperation(services), destroyOperation(services), snapshotBuildOperation(services)];
  const kinds = all.map(({ kind }) => kind);
  checkNames("budgets", Object.keys(settings.budgets), kinds, "operation");
  return all.map((definition) => {
    const seconds = Object.entries(settings.budgets[definition.kind] ?? {});
    return withBudgets(definition, Object.fromEntries(seconds.map(([step, limit]) => [step, limit * 1000])));
  });
}

/** For settings whose keys are names of ours. @throws OpsError `config-invalid`. */
export function checkNames(setting: string, given: readonly string[], known: readonly string[], what: string): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: `${setting}.${unknown}: there is no such ${what}.`,
    hint: `There are ${known.join(", ")}.`,
  });
}
