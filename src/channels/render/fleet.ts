import type { AdoptionReport } from "../../core/adoption.ts";
import type { Finding } from "../../core/finding.ts";
import type { Host } from "../../core/host.ts";
import { type Message, message, text } from "../../core/message.ts";

const VERDICTS = { ok: "ok", warning: "note", problem: "PROBLEM" } as const;

/** What `creel doctor` found, and what to do about it. */
export function renderFindings(findings: readonly Finding[]): Message {
  const problems = findings.filter(({ verdict }) => verdict === "problem").length;
  const notes = findings.filter(({ verdict }) => verdict === "warning").length;
  const fixes = findings.flatMap(({ subject, fix, verdict }) =>
    fix === null || verdict === "ok" ? [] : [`${subject}: ${fix}`],
  );
  return message(verdictOf(problems, notes), problems === 0 ? (notes === 0 ? "good" : "plain") : "bad", [
    {
      type: "table",
      head: ["Checked", "", "Seen"],
      rows: findings.map(({ subject, verdict, seen }) => [subject, VERDICTS[verdict], seen]),
    },
    { type: "list", title: "What to do", items: fixes },
  ]);
}

function verdictOf(problems: number, notes: number): string {
  if (problems > 0) return `${problems} ${problems === 1 ? "problem" : "problems"} found.`;
  if (notes > 0) return `It works, with ${notes === 1 ? "one thing" : `${notes} things`} to look at.`;
  return "All is well.";
}

export function renderAdoption({ adopted, known, orphans, waiting }: AdoptionReport): Message {
  const title =
    adopted.length === 0
      ? "There was nothing to adopt."
      : `Adopted ${adopted.map(({ agent }) => agent.name).join(", ")}.`;
  return message(title, "good", [
    {
      type: "table",
      head: ["Agent", "State", "Because"],
      rows: adopted.map(({ agent, because }) => [agent.name, agent.state, because]),
    },
    text(known.length === 0 ? null : `Known before: ${known.join(", ")}.`),
    {
      type: "list",
      title: "Hosts that no agent needs",
      items: orphans.map(({ agent, host }) => `${host.name} at ${host.provider}; ${agent} has another host`),
    },
    {
      type: "list",
      title: "Hosts that wait for an agent",
      items: waiting.map(({ name, provider }) => `${name} at ${provider}`),
    },
  ]);
}

/** `hosts` is not empty. */
export function renderStranded(hosts: readonly Host[]): Message {
  return message("There are hosts here that no agent in the list has.", "bad", [
    { type: "list", title: "Hosts", items: hosts.map(({ name, provider }) => `${name} at ${provider}`) },
    text("If Creel lost its Redis, leave it and run creel adopt: it takes them in again."),
  ]);
}
