import { z } from "zod";
import { CHATS, type Place } from "../core/chat.ts";
import { OpsError } from "../core/errors.ts";
import { isAgentName, isOperationId } from "../core/names.ts";
import type { Failure, Operation, StepRecord } from "../core/operation.ts";

const operationId = z.string().refine(isOperationId);
const agentName = z.string().refine(isAgentName);
const ms = z.number().nullable();

export const actorSchema = z.object({
  channel: z.enum(["terminal", "creel", ...CHATS]),
  user: z.string(),
  roles: z.array(z.string()),
  name: z.string(),
});

const placeSchema = z.object({
  channel: z.enum(CHATS),
  chat: z.string(),
  topic: z.string().nullable(),
}) satisfies z.ZodType<Place>;

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
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
  requestedBy: actorSchema,
  place: placeSchema.nullable(),
  requestedAtMs: z.number(),
  startedAtMs: ms,
  endedAtMs: ms,
  waitingBehind: operationId.nullable(),
  steps: z.array(stepSchema),
  failure: failureSchema.nullable(),
  result: z.json(),
}) satisfies z.ZodType<Operation>;

/** @throws OpsError `internal` when it is not a record that this Creel can read. */
export function parseRecord(text: string): Operation {
  return parseStored(operationSchema, text, "an operation");
}

/** Parses JSON that Creel has stored. @throws OpsError `internal`. */
export function parseStored<T>(schema: z.ZodType<T>, text: string, what: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new OpsError({
      code: "internal",
      userMessage: `The store holds ${what} that this version of Creel cannot read.`,
      cause: error,
    });
  }
}
