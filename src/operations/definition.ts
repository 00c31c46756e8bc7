import type { z } from "zod";
import { OpsError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Lane } from "../core/lane.ts";
import type { AgentName, OperationId } from "../core/names.ts";
import type { Failure, Operation } from "../core/operation.ts";

export interface StepDefinition {
  /** What a person reads while it runs. */
  readonly title: string;
  /** From the first attempt to the last; also bounds each attempt. Waits that a service asks for are added, up to five minutes in all. */
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
  /** Milliseconds since some moment, whatever is done to the clock. */
  readonly elapsed: () => number;
  /**
   * Returns the journalled output when the step is done, else runs `fn` and journals what it returns. The only place for effects.
   * `fn` must be safe to repeat: a crash between its effect and the checkpoint runs it again. Independent steps may run at once.
   */
  step<Name extends keyof Steps & string>(
    name: Name,
    fn: (context: StepContext) => Promise<z.input<Steps[Name]["output"]>>,
  ): Promise<z.output<Steps[Name]["output"]>>;
}

interface UndoContext<Steps extends StepDefinitions> extends OperationContext<Steps> {
  /** How far it had got, as it is on record. */
  readonly past: Operation;
}

/** What a failed or cancelled operation says about the world it leaves. */
export type Aftermath = Pick<Failure, "leftBehind" | "nextCommands"> & { readonly evidence?: readonly string[] };

/** How an operation puts the world in order after it failed or was cancelled. */
export interface Undo<Steps extends StepDefinitions = StepDefinitions, Params extends Json = Json> {
  /** None has the name of a step of the operation. Their budgets are how long Creel tries before a person has to look. */
  readonly steps: Steps;
  /**
   * As the operation's own `run`: effects only inside steps, each safe to repeat. Goes on after crashes, also when `error` came from a worker
   * that is gone, and begins anew when it is resumed, after whatever has happened to the agent since. Leaves no half-made thing that is not named in
   * what it returns.
   */
  run(context: UndoContext<Steps>, params: Params, error: OpsError): Promise<Aftermath>;
  /**
   * What may exist when `run` gets no further, or cannot be called because the record is of another version, whose parameters and steps may be others;
   * one sentence each. None: it had not got so far that there is anything to undo.
   */
  left(operation: Operation): readonly string[];
}

/** For steps that undo: what is away for a while is waited for, and then a person has to look. */
export const PATIENT = { budgetMs: 30 * 60_000, retryBaseMs: 1000, retryMaxMs: 30_000 } as const;

/** Keeps the literal types of the steps. */
export function defineUndo<const Steps extends StepDefinitions, Params extends Json>(
  undo: Undo<Steps, Params>,
): Undo<StepDefinitions, Params> {
  return undo;
}

/** How things are when somebody asks for an operation. */
export interface Standing {
  /** The kind of the newest operation of the same agent that has not ended; null when there is none. */
  readonly underWay: string | null;
  /** Whether that one is being undone: it cannot be cancelled, and what it leaves is not known yet. */
  readonly isUndoing: boolean;
  /** false: hosts and providers are another process's business, and nothing is known of them here. */
  readonly worksHere: boolean;
}

export interface OperationDefinition<Steps extends StepDefinitions = StepDefinitions, Params extends Json = Json> {
  readonly kind: string;
  /** Raised whenever steps, or those of `undo`, change in a way that an older journal does not fit. */
  readonly version: number;
  /**
   * Where it waits for a worker, decided when it is asked for, and again by whoever takes it, with the outputs of the steps that are done (null of
   * one that is not): a step may have tied it to one machine. Changes nothing. @throws OpsError `store-unavailable`.
   */
  lane(params: Params, done: (step: string) => Json): Promise<Lane>;
  readonly params: z.ZodType<Params>;
  /** In the order they are shown. Names are unique by construction. */
  readonly steps: Steps;
  /** What can be known to fail before it is asked for. Changes nothing. The steps find it as well: much may happen while it waits. @throws OpsError. */
  check?(params: Params, standing: Standing): Promise<void>;
  run(context: OperationContext<Steps>, params: Params): Promise<Json>;
  readonly undo: Undo<StepDefinitions, Params>;
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
  const { undo } = definition;
  const names = [...Object.keys(definition.steps), ...Object.keys(undo.steps)];
  const unknown = Object.keys(budgets).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `budgets.${definition.kind}.${unknown}: there is no such step.`,
      hint: `Its steps are ${names.join(", ")}.`,
    });
  }
  const within = (steps: StepDefinitions): StepDefinitions =>
    Object.fromEntries(
      Object.entries(steps).map(([name, step]) => [name, { ...step, budgetMs: budgets[name] ?? step.budgetMs }]),
    );
  return { ...definition, steps: within(definition.steps), undo: { ...undo, steps: within(undo.steps) } };
}
