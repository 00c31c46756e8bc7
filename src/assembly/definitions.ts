import type { Config } from "../config.ts";
import { OpsError } from "../core/errors.ts";
import { type OperationDefinition, withBudgets } from "../operations/definition.ts";
import { operations } from "../operations/index.ts";
import { kindNow, stepNow } from "../operations/older-names.ts";
import { readerOf } from "../settings.ts";
import type { Services } from "./services.ts";

/** Every operation, with the time budgets of `creel.yaml`. @throws OpsError `config-invalid` for budgets of what does not exist. */
export function operationDefinitions(services: Services, { settings }: Config): OperationDefinition[] {
  const all = operations.map((operation) => operation.define(services, readerOf(settings)));
  const kinds = all.map(({ kind }) => kind);
  const budgets = Object.entries(settings.budgets).map(([kind, seconds]) => ({ kind: kindNow(kind), seconds }));
  checkNames(
    "budgets",
    budgets.map(({ kind }) => kind),
    kinds,
    "operation",
  );
  return all.map((definition) => {
    const { kind } = definition;
    const seconds = budgets.flatMap((budget) => (budget.kind === kind ? Object.entries(budget.seconds) : []));
    return withBudgets(
      definition,
      Object.fromEntries(seconds.map(([step, limit]) => [stepNow(kind, step), limit * 1000])),
    );
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
