import type { z } from "zod";
import { OpsError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { AgentName, OperationId } from "../core/names.ts";
import type { Failure } from "../core/operation.ts";

export interface StepDefinition {
  /** What a person reads while it runs. */
  readonly title: string;
  /** From the first attempt to the last; also bounds each attempt. */
  readonly budgetMs: number;
  /** Parses the output again on replay. */
  readonly output: z.ZodType<Json>;
  /** Wait before the second attempt after a "later" error, doubled up to `retryMaxMs`. */
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
}

export type StepDefinitions = Readonly<Record<string, StepDefinition>>;

export interface StepContext {
  /** Aborted on cancel, when the budget is used up and when this worker lost the operation. */
  readonly signal: AbortSignal;
  /** Shows a short line about what is going on; not journalled for replay. */
  detail(text: string): void;
}

export interface OperationContext<Steps extends StepDefinitions> {
  readonly id: OperationId;
  readonly agent: AgentName | null;
  readonly now: () => number;
  /**
   * Returns the journalled output when the step is done, else runs `fn` and journals what it returns. The only place for effects.
   * `fn` must be safe to repeat: a crash between its effect and the checkpoint runs it again. Independent steps may run at once.
   */
  step<Name extends keyof Steps & string>(
    name: Name,
    fn: (context: StepContext) => Promise<z.input<Steps[Name]["output"]>>,
  ): Promise<z.output<Steps[Name]["output"]>>;
}

/** What a failed or cancelled operation says about the world it leaves. */
export type Aftermath = Pick<Failure, "leftBehind" | "nextCommands"> & { readonly evidence?: readonly string[] };

export interface OperationDefinition<Steps extends StepDefinitions = StepDefinitions, Params extends Json = Json> {
  readonly kind: string;
  /** Raised whenever steps change in a way that an older journal does not fit. */
  readonly version: number;
  /** Operations on different lanes never wait for each other's workers. */
  readonly lane: "hosts" | "snapshots";
  readonly params: z.ZodType<Params>;
  /** In the order they are shown. Names are unique by construction. */
  readonly steps: Steps;
  run(context: OperationContext<Steps>, params: Params): Promise<Json>;
  /** Runs once after failure or cancellation, outside the journal, safe to repeat; leaves no half-made thing that is not named in what it returns. */
  cleanup(
    context: { readonly id: OperationId; readonly signal: AbortSignal; readonly now: () => number },
    params: Params,
    error: OpsError,
  ): Promise<Aftermath>;
}

/** Keeps the literal types of steps and params. */
export function defineOperation<const Steps extends StepDefinitions, Params extends Json>(
  definition: OperationDefinition<Steps, Params>,
): OperationDefinition<Steps, Params> {
  return definition;
}

/**
 * The same operation with other step budgets, in ms; steps that `budgets` does not name keep theirs.
 * @throws OpsError `config-invalid` for a step that the operation does not have.
 */
export function withBudgets(
  definition: OperationDefinition,
  budgets: Readonly<Record<string, number>>,
): OperationDefinition {
  const unknown = Object.keys(budgets).find((name) => !Object.hasOwn(definition.steps, name));
  if (unknown !== undefined) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `budgets.${definition.kind}.${unknown}: there is no such step.`,
      hint: `Its steps are ${Object.keys(definition.steps).join(", ")}.`,
    });
  }
  const steps = Object.entries(definition.steps).map(([name, step]): [string, StepDefinition] => [
    name,
    { ...step, budgetMs: budgets[name] ?? step.budgetMs },
  ]);
  return { ...definition, steps: Object.fromEntries(steps) };
}
