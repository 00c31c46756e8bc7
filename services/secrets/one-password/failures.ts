import type { ResolveReferenceError } from "@1password/sdk";
import { OpsError } from "../../../src/core/errors.ts";
import type { SecretRef } from "../../../src/core/secrets.ts";

const NEW_TOKEN =
  "Make a service account's token at 1Password.com (Developer, Service Accounts), and give Creel that one.";

/** By the SDK's own names of what can be wrong with one reference. A part that is not known here still gets a sentence. */
const PARTS: { readonly [type: string]: string | undefined } & Partial<Record<ResolveReferenceError["type"], string>> =
  {
    vaultNotFound: "there is no such vault, or the service account may not read it",
    tooManyVaults: "more than one vault is called that",
    itemNotFound: "there is no such item in that vault",
    tooManyItems: "more than one item in that vault is called that",
    noMatchingSections: "the item has no such section",
    fieldNotFound: "the item has no such field",
    tooManyMatchingFields: "more than one field of the item is called that",
    parsing: "it is not written as 1Password writes references",
  };

/** For what does not depend on when it is asked: somebody has to change something. */
export function refusedReference(ref: SecretRef, type: string): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: `1Password cannot read ${ref}: ${PARTS[type] ?? `it says ${type}`}.`,
    hint: "In 1Password, the menu of a field has “Copy Secret Reference”. Names that are not unique can be replaced by ids.",
  });
}

/** Neither a value nor an error. */
export function nothingSaidOf(ref: SecretRef): OpsError {
  return new OpsError({ code: "secret-unavailable", userMessage: `1Password says nothing of ${ref}.`, retry: "later" });
}

export function noTokenThere(): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: "There is no token of a 1Password service account, which op:// needs.",
    hint: "Set OP_SERVICE_ACCOUNT_TOKEN for the process that runs Creel, or onePassword.token in creel.yaml.",
  });
}

export function notAToken(): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: "What Creel was given is no token of a 1Password service account; those begin with ops_.",
    hint: NEW_TOKEN,
  });
}

export function tokenRefused(status: number, cause: unknown): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: `1Password does not take the token of its service account (HTTP ${status}): it was revoked, has run out, or lacks the right.`,
    hint: NEW_TOKEN,
    cause,
  });
}

export function askedToWait(retryAfterMs: number | null, cause: unknown): OpsError {
  return unavailable(
    "1Password asks to wait: too many requests, or the account's quota is used up.",
    retryAfterMs,
    cause,
  );
}

export function serverTrouble(status: number, retryAfterMs: number | null, cause: unknown): OpsError {
  return unavailable(`1Password has a problem of its own (HTTP ${status}).`, retryAfterMs, cause);
}

export function noAnswer(why: string, cause: unknown): OpsError {
  return unavailable(`1Password cannot be asked: ${why}.`, null, cause);
}

function unavailable(userMessage: string, retryAfterMs: number | null, cause: unknown): OpsError {
  return new OpsError({
    ...{ code: "secret-unavailable", userMessage, retry: "later", retryAfterMs, cause },
    hint: "Creel tries again by itself. status.1password.com says how they are.",
  });
}
