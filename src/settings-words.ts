import type { z } from "zod";

/** What is wrong with settings, one line each: the path, and what would be right. Never what was written there: it may be a credential. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map(describeIssue);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return `${issue.keys.map((key) => (path ? `${path}.${key}` : key)).join(", ")}: there is no such setting`;
  }
  return `${path || "the file"}: ${inPlainWords(issue)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
  object: "a group of settings",
  record: "a group of settings",
  string: "text",
};

/** The schema's own words go on after a colon; the library's are sentences. */
const OURS = /^[a-z]/;

function inPlainWords(issue: z.core.$ZodIssue): string {
  // Of a name that is chosen freely, such as an agent's.
  const named = issue.code === "invalid_key" ? issue.issues[0] : undefined;
  if (named !== undefined) return inPlainWords(named);
  if (issue.input === undefined && issue.code === "invalid_type") return "is missing";
  // YAML takes 10.90 for a number and yes for text; what was meant is in the file only.
  if (isUnquoted(issue)) return "must be in quotes, because it is text and YAML reads it as something else";
  if (OURS.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? "something else"}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    default:
      return "must be something else";
  }
}

function isUnquoted({ code, input, ...issue }: z.core.$ZodIssue): boolean {
  const isText = code === "invalid_type" && "expected" in issue && issue.expected === "string";
  return isText && ["number", "bigint", "boolean"].includes(typeof input);
}
