import type { Operation } from "../core/operation.ts";

/*
 * What older Creels called the golden image, in records and settings that are there still. Kinds, steps and codes of today stay what they are.
 */
const KIND = { older: "snapshot-build", now: "image-build" } as const;
const CODE = { older: "snapshot-failed", now: "image-failed" } as const;
const STEP = { older: "snapshot", now: "image" } as const;

export function kindNow(kind: string): string {
  return kind === KIND.older ? KIND.now : kind;
}

/** The name of a step of an operation of kind `kind`. */
export function stepNow(kind: string, step: string): string {
  return kind === "deploy" && step === STEP.older ? STEP.now : step;
}

/** As this Creel would have written it. One that goes on has the version of the names it goes on with, so that an older Creel waits. */
export function operationNow(operation: Operation): Operation {
  const { kind, version, steps, failure } = operation;
  return {
    ...operation,
    kind: kindNow(kind),
    // Those of 3 knew no settings, and go on without.
    version: kind === "deploy" && (version === 2 || version === 3) ? 5 : version,
    steps: steps.map((step) => ({ ...step, name: stepNow(kind, step.name) })),
    failure: failure && { ...failure, code: (failure.code as string) === CODE.older ? CODE.now : failure.code },
  };
}
