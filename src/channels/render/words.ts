import type { AgentName } from "../../core/names.ts";

interface Words {
  readonly doing: string;
  readonly done: string;
}

const WORDS: Readonly<Record<string, Words>> = {
  deploy: { doing: "Deploying", done: "Deployed" },
  destroy: { doing: "Removing", done: "Removed" },
  "snapshot-build": { doing: "Building the snapshot", done: "Built the snapshot" },
};

interface Subject {
  readonly kind: string;
  readonly agent: AgentName | null;
}

/** Such as `Deploying ada`. */
export function doing(subject: Subject): string {
  return phrase(subject, wordsFor(subject.kind).doing);
}

/** Such as `Deployed ada`. */
export function done(subject: Subject): string {
  return phrase(subject, wordsFor(subject.kind).done);
}

function wordsFor(kind: string): Words {
  return Object.hasOwn(WORDS, kind) ? (WORDS[kind] ?? fallback(kind)) : fallback(kind);
}

/** For kinds that a newer Creel has put into the same store. */
function fallback(kind: string): Words {
  return { doing: `Running ${kind} for`, done: `Finished ${kind} for` };
}

function phrase({ agent }: Subject, verb: string): string {
  return agent === null ? verb : `${verb} ${agent}`;
}

export function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
