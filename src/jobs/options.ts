import type { OpsError } from "../core/errors.ts";
import type { Lane } from "../core/lane.ts";
import type { Operation } from "../core/operation.ts";
import type { OperationDefinition } from "../operations/definition.ts";

export interface JobsOptions {
  readonly definitions: readonly OperationDefinition[];
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly redact: (text: string) => string;
  /** What the workers of this process can reach. */
  readonly lanes: readonly Lane[];
  /** Operations at once, per lane and process. */
  readonly concurrency: number;
  /** What happens in the background, where nobody else can hear of it. Not redacted. */
  readonly onError: (error: unknown) => void;
  /** With its cause, not redacted. */
  readonly onFailure?: (error: OpsError, operation: Operation) => void;
}
