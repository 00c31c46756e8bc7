import { OpsError } from "../src/core/errors.ts";
import type { Json } from "../src/core/json.ts";
import type { AgentName, OperationId } from "../src/core/names.ts";

/** new-agent: a name to give · agent: an existing one · operation: an operation's id · count: a whole number · choice: one of `choices` · text: checked by whoever uses it. */
type OptionKind = "new-agent" | "agent" | "operation" | "count" | "choice" | "text";

export interface CommandOption {
  readonly name: string;
  readonly summary: string;
  readonly kind: OptionKind;
  readonly required: boolean;
  /** Only for `choice`. */
  readonly choices?: readonly string[];
  /** Only for `count`: inclusive bounds. */
  readonly min?: number;
  readonly max?: number;
  /** May be given without its name, as the first word after the command (`/image build`). At most one per command. */
  readonly bare?: boolean;
}

/** Option values after validation: names are parsed, counts are numbers, missing ones are absent. */
export interface OptionValues {
  agentName(option: string): AgentName | null;
  operationId(option: string): OperationId | null;
  count(option: string): number | null;
  text(option: string): string | null;
}

/** What a command asks for. An operation is durable and watched; a question is answered at once. */
export type CommandRequest =
  | { readonly type: "operation"; readonly kind: string; readonly agent: AgentName | null; readonly params: Json }
  | { readonly type: "status"; readonly agent: AgentName | null }
  | { readonly type: "logs"; readonly agent: AgentName; readonly lines: number }
  | { readonly type: "history"; readonly agent: AgentName | null }
  | { readonly type: "cancel"; readonly operation: OperationId }
  | { readonly type: "snapshot" }
  | { readonly type: "help"; readonly command: string | null };

export interface Command {
  /** Lower case, as typed after the slash. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CommandOption[];
  /** Pure. Called with valid values only. */
  request(values: OptionValues): CommandRequest;
  /** What has to be typed first and why; null when the request needs no confirmation. Pure. */
  confirmation(request: CommandRequest): { readonly question: string; readonly expected: string } | null;
}

/** For options that validation has already made sure of. @throws OpsError `internal` when it has not. */
export function required<T>(value: T | null, option: string): T {
  if (value !== null) return value;
  throw new OpsError({ code: "internal", userMessage: `The option ${option} reached a command without a value.` });
}
