import { z } from "zod";
import { CHATS, isPlace, type Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import { isAgentName, isOperationId } from "../../core/names.ts";
import { type Failure, isUndoing, type Operation, type StepRecord } from "../../core/operation.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { operationNow } from "../../operations/older-names.ts";

const operationId = z.string().refine(isOperationId);
const agentName = z.string().refine(isAgentName);
const ms = z.number().nullable();

export const actorSchema = z.object({
  channel: z.enum(["terminal", "creel", ...CHATS]),
  user: z.string(),
  roles: z.array(z.string()),
  name: z.string(),
});

/** A failure written by a newer Creel may have a code that this one does not know; it is shown as it is. */
const failureSchema = z.object({
  code: z.custom<Failure["code"]>((code) => typeof code === "string"),
  userMessage: z.string(),
  hint: z.string().nullable(),
  evidence: z.array(z.string()),
  leftBehind: z.array(z.string()),
  nextCommands: z.array(z.string()),
}) satisfies z.ZodType<Failure>;

const stepSchema = z.object({
  name: z.string(),
  title: z.string(),
  state: z.enum(["pending", "running", "done", "failed"]),
  startedAtMs: ms,
  endedAtMs: ms,
  attempts: z.number(),
  detail: z.string().nullable(),
  output: z.json(),
}) satisfies z.ZodType<StepRecord>;

const operationSchema = z.object({
  id: operationId,
  kind: z.string(),
  version: z.number(),
  params: z.json(),
  agent: agentName.nullable(),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled", "stuck"]),
  requestedBy: actorSchema,
  place: z.custom<Place>(isPlace).nullable(),
  requestedAtMs: z.number(),
  // Of before anything could be resumed.
  resumedAtMs: ms.default(null),
  startedAtMs: ms,
  endedAtMs: ms,
  waitingBehind: operationId.nullable(),
  waitingFor: z.string().nullable().default(null),
  steps: z.array(stepSchema),
  // Of before undoing was made of steps.
  undo: z.array(stepSchema).default([]),
  failure: failureSchema.nullable(),
  result: z.json(),
}) satisfies z.ZodType<Operation>;

/** The newest that this Creel knows. Raised whenever an older one could not make sense of a record, or would lose a part by writing it again. */
export const FORMAT = 2;

/** As it is stored: JSON that begins with its format, where scripts find it. Records of before there were formats have none. */
export function storedText(record: object, format: 1 | typeof FORMAT = 1): string {
  return JSON.stringify({ format, ...record });
}

/** In the oldest format that loses nothing, so that an older Creel goes on with all that it can go on with. */
export function operationText(operation: Operation): string {
  const isOfUndo = operation.undo.length > 0 || operation.state === "stuck" || isUndoing(operation);
  return storedText(operation, isOfUndo ? FORMAT : 1);
}

/** @throws as `parseStored`. */
export function parseRecord(text: string, id: string): Operation {
  return operationNow(parseStored(operationSchema, text, { kind: "operation", name: id }));
}

/** Parses what `storedText` made. @throws OpsError `unknown-version` when a newer Creel has written it, else `internal`. */
export function parseStored<T>(schema: z.ZodType<T>, text: string, what: Omit<Unreadable, "why">): T {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (formatOf(value) <= FORMAT) return schema.parse(value);
  } catch (error) {
    cause = error;
  }
  throw unreadableError({ ...what, why: cause === undefined ? "newer" : "broken" }, cause);
}

function formatOf(value: unknown): number {
  const { format = 0 } = z.looseObject({ format: z.number().optional() }).catch({}).parse(value);
  return format;
}

export function unreadableError({ kind, name, why }: Unreadable, cause?: unknown): OpsError {
  const record = `The record of ${kind === "agent" || kind === "operation" ? `${kind} ` : ""}${name}`;
  if (why === "newer") {
    return new OpsError({
      code: "unknown-version",
      userMessage: `${record} was written by a newer Creel, and is left as it is.`,
      hint: "Run that version of Creel.",
    });
  }
  return new OpsError({
    code: "internal",
    userMessage: `${record} cannot be read.`,
    hint: kind === "agent" ? "creel adopt writes it again from its host." : "creel doctor names what cannot be read.",
    cause,
  });
}

/** Why a record could not be read. @throws `error` when it is not about the record. */
export function reasonOf(error: unknown): Unreadable["why"] {
  if (error instanceof OpsError && error.code === "unknown-version") return "newer";
  if (error instanceof OpsError && error.code === "internal") return "broken";
  throw error;
}

/** What `read` returns, or why the record could not be read. */
export function orReason<T extends object>(read: () => T): T | Unreadable["why"] {
  try {
    return read();
  } catch (error) {
    return reasonOf(error);
  }
}
