import { OpsError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { AgentName } from "../core/names.ts";
import { isEnded, isUndoing, type Operation } from "../core/operation.ts";
import type { OperationDefinition, Standing } from "./definition.ts";
import type { Operations } from "./journal.ts";

interface Request {
  readonly kind: string;
  readonly params: Json;
  readonly agent: AgentName | null;
}

interface Parts {
  readonly definitions: readonly OperationDefinition[];
  readonly recent: Operations["recent"];
  /** Whether this process runs operations itself. */
  readonly worksHere: boolean;
}

/** More operations of one agent than this do not wait for each other. */
const RECENT = 20;

/**
 * Refuses what can be known to fail before it is durable. What may change in a moment, such as a provider that does not answer, refuses
 * nothing: the operation finds out. @throws OpsError, never one that is worth trying again.
 */
export async function checkRequest({ definitions, recent, worksHere }: Parts, request: Request): Promise<void> {
  const { kind, agent } = request;
  const definition = definitions.find((candidate) => candidate.kind === kind);
  if (definition?.check === undefined) return;
  const parsed = definition.params.safeParse(request.params);
  if (!parsed.success) return;
  const underWay = agent === null ? undefined : await newestUnderWay(recent, agent);
  const standing: Standing = {
    underWay: underWay?.kind ?? null,
    isUndoing: underWay !== undefined && isUndoing(underWay),
    worksHere,
  };
  try {
    await definition.check(parsed.data, standing);
  } catch (error) {
    const isPassing = error instanceof OpsError && (error.retry === "later" || error.code === "provider-failed");
    if (!isPassing) throw error;
  }
}

async function newestUnderWay(recent: Operations["recent"], agent: AgentName): Promise<Operation | undefined> {
  return (await recent({ agent, limit: RECENT })).find((operation) => !isEnded(operation));
}
