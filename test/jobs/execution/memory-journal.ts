import type { OpsError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";
import { type AgentName, makeOperationId, parseAgentName } from "../../../src/core/names.ts";
import { newOperation, type Operation } from "../../../src/core/operation.ts";
import type { OperationDefinition, StepDefinitions } from "../../../src/operations/definition.ts";
import type { Journal } from "../../../src/operations/journal.ts";

/** Keeps every saved record, and can be told to reject or to abort. */
export class MemoryJournal implements Journal {
  readonly saved: Operation[] = [];
  readonly #cancelled = new AbortController();
  readonly #lost = new AbortController();
  readonly cancelled = this.#cancelled.signal;
  readonly lost = this.#lost.signal;
  /** Called before a record is accepted; throws what the save shall reject with. */
  refuse: (operation: Operation) => void = () => undefined;

  async save(operation: Operation): Promise<void> {
    await new Promise(setImmediate);
    this.refuse(operation);
    this.saved.push(structuredClone(operation));
  }

  abort(error: OpsError): void {
    (error.code === "cancelled" ? this.#cancelled : this.#lost).abort(error);
  }

  last(): Operation {
    const last = this.saved.at(-1);
    if (!last) throw new Error("nothing was saved");
    return last;
  }
}

export function operationOf<Steps extends StepDefinitions, Params extends Json>(
  definition: OperationDefinition<Steps, Params>,
  params: Json,
  agent: AgentName | null = parseAgentName("ada"),
): Operation {
  return newOperation(
    {
      id: makeOperationId(Date.now(), Math.random),
      kind: definition.kind,
      version: definition.version,
      params,
      agent,
      requestedBy: { channel: "terminal", user: "root", roles: [], name: "root" },
      steps: Object.entries(definition.steps).map(([name, { title }]) => ({ name, title })),
    },
    Date.now(),
  );
}
