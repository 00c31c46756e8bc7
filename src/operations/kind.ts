import type { z } from "zod";
import type { Check } from "../core/finding.ts";
import type { Json } from "../core/json.ts";
import type { AgentName } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";
import type { OperationDefinition, StepDefinitions } from "./definition.ts";

/** What operations of a kind are called. */
export interface Words {
  /** Before an agent's name, if there is one: "Deploying". */
  readonly doing: string;
  readonly done: string;
  /** Before "of ada": "deploy". */
  readonly task: string;
  /** How an agent is while it works on it, after "is"; absent: as it looks from outside, which then means what it always means. */
  readonly agentIs?: string;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What does not work of what was made: `but` ends the title, `why` is a sentence or two. */
export interface Trouble {
  readonly but: string;
  readonly why: string;
}

/** What is told of a success. */
export interface Told {
  /** Instead of "Deployed ada in 17 s.", where it did not do what it is called. */
  readonly title?: string;
  /** In the words of somebody else, such as an agent; any number of lines. */
  readonly said?: string;
  readonly facts?: readonly Fact[];
  readonly trouble?: Trouble | null;
  /** Commands worth typing next. */
  readonly next?: readonly string[];
}

/** A part of `creel.yaml`: the value of the key `name`. It stands for what is not there, so `schema` accepts undefined. */
export interface SettingsPart<Value> {
  readonly name: string;
  readonly schema: z.ZodType<Value>;
}

/** The value of a part of the settings in force. @throws OpsError `config-invalid`. */
export type ReadSettings = <Value>(part: SettingsPart<Value>) => Value;

/** Everything Creel knows of a kind of operations: what it does, how it reads, and what belongs to it. `Ports`: what of the outside world it takes. */
export interface OperationKind<Params extends Json, Ports> {
  readonly kind: string;
  readonly words: Words;
  /** Of one that succeeded. Pure; takes what an older or a newer Creel wrote as far as it is understood. */
  tell(operation: Operation): Told;
  /** Absent: it has none of its own. */
  readonly settings?: SettingsPart<unknown>;
  /** What `creel doctor` looks at for it. */
  checks?(ports: Ports, read: ReadSettings): readonly Check[];
  define(ports: Ports, read: ReadSettings): OperationDefinition<StepDefinitions, Params>;
}

/** Something durable that a command asks for. */
export interface Wanted {
  readonly kind: string;
  readonly agent: AgentName | null;
  readonly params: Json;
}

/** `agent`: whose turn it takes; null: nobody's. */
export function wanted<Params extends Json>(
  { kind }: OperationKind<Params, never>,
  agent: AgentName | null,
  params: NoInfer<Params>,
): Wanted {
  return { kind, agent, params };
}
