import type { AgentName } from "../core/names.ts";
import { isUndoing, type Operation } from "../core/operation.ts";
import { operations } from "./index.ts";
import type { Told, Words } from "./kind.ts";

interface Subject {
  readonly kind: string;
  readonly agent: AgentName | null;
}

/** Such as `Deploying ada`. */
export function doing(subject: Subject): string {
  return phrase(subject, wordsFor(subject.kind).doing, linkOf(subject));
}

/** What an operation that has not ended is about: such as `Deploying ada`, or `Cleaning up after the deploy of ada`. `agent` null: without its name. */
export function underWay(operation: Operation, agent: AgentName | null = operation.agent): string {
  const subject = { kind: operation.kind, agent };
  return isUndoing(operation) ? `Cleaning up after the ${task(subject)}` : doing(subject);
}

/** Such as `Deployed ada`. */
export function done(subject: Subject): string {
  return phrase(subject, wordsFor(subject.kind).done, linkOf(subject));
}

/** Such as `deploy of ada`, which stays true when it has ended. */
export function task(subject: Subject): string {
  return phrase(subject, wordsFor(subject.kind).task, " of ");
}

/** What its agent is while it works on it, after "is"; null: what it looks like from outside. */
export function agentMeanwhile({ kind }: Subject): string | null {
  return wordsFor(kind).agentIs ?? null;
}

/** What is told of one that succeeded. */
export function told(operation: Operation): Told {
  return kindOf(operation.kind)?.tell(operation) ?? {};
}

function kindOf(kind: string) {
  return operations.find((one) => one.kind === kind);
}

/** Also for kinds that a newer Creel has put into the same store. */
function wordsFor(kind: string): Words {
  return kindOf(kind)?.words ?? { doing: `Running ${kind}`, done: `Finished ${kind}`, task: kind };
}

function linkOf({ kind }: Subject): string {
  return kindOf(kind) === undefined ? " for " : " ";
}

function phrase({ agent }: Subject, what: string, link: string): string {
  return agent === null ? what : `${what}${link}${agent}`;
}

export function upperFirst(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** After `doing`: why one is being undone, or had to be. */
export function undoneWord({ failure }: Pick<Operation, "failure">): string {
  return failure?.code === "cancelled" ? "was cancelled" : "failed";
}

/** After `doing`: how one that did not succeed has ended. */
export function endedWord({ state }: Pick<Operation, "state">): string {
  if (state === "stuck") return "is stuck";
  return state === "cancelled" ? "was cancelled" : "failed";
}

export function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
