import type { Actor } from "../core/actor.ts";
import { type AuditEvent, EVENTS_PER_OPERATION, latestOfEach } from "../core/audit.ts";
import { formatAgo } from "../core/measures.ts";
import { type Block, command, type Message, message } from "../core/message.ts";
import type { AgentName } from "../core/names.ts";
import type { Unreadable } from "../core/unreadable.ts";
import { foldStrangers } from "./fold-strangers.ts";
import type { Question } from "./question.ts";
import { withUnreadable } from "./unreadable.ts";

interface Wanted {
  /** null: of all. */
  readonly agent: AgentName | null;
  readonly lines: number;
  /** Counts from 1, the newest. */
  readonly page: number;
}

/** One page, newest first, of each operation its newest event. */
interface Page extends Wanted {
  readonly events: readonly AuditEvent[];
  readonly hasOlder: boolean;
  /** What was left out of it and of the pages before. */
  readonly unreadable: readonly Unreadable[];
}

/** Who asked for what, and how it ended. */
export const history: Question<Wanted, Page> = {
  /** Attempts of strangers come on top of a page's lines, one for each of the latest and one for all others. */
  async ask({ audit, strangers }, { agent, lines, page }) {
    await strangers.flush();
    const isAside = (event: AuditEvent) => event.what === "refused" && strangers.has(event.actor);
    const limit = (lines * page + 1) * EVENTS_PER_OPERATION;
    const { events, unreadable } = await audit.recent({ agent, limit, isAside });
    let told = 0;
    const placed = latestOfEach(events).map((event) => {
      const onPage = Math.floor(told / lines) + 1;
      if (!isAside(event)) told += 1;
      return { event, onPage };
    });
    const ofPage = placed.filter(({ onPage }) => onPage === page).map(({ event }) => event);
    const hasOlder = placed.some(({ onPage }) => onPage > page);
    return { agent, lines, page, events: foldStrangers(ofPage, isAside), hasOlder, unreadable };
  },
  show: (page, { nowMs }) => withUnreadable(show(page, nowMs), page.unreadable),
};

function show(answer: Page, nowMs: number): Message {
  const { events, agent, lines, page, hasOlder } = answer;
  if (events.length === 0) return message(nothingOnRecord(answer), "plain", [], { private: true });
  const what = (event: AuditEvent) =>
    event.attempts === undefined
      ? [event.what.replace("-", " "), event.subject, event.agent].filter((part) => part !== null).join(" ")
      : attemptsOf(event.attempts);
  const who = ({ actor, attempts }: AuditEvent) => (attempts === undefined ? actor.name : strangerName(actor));
  const table: Block = {
    type: "table",
    head: ["When", "Who", "What", "Operation", "Note"],
    rows: events.map((event) => [
      formatAgo(nowMs - event.atMs),
      who(event),
      what(event),
      event.operation ?? "",
      event.note ?? "",
    ]),
    brief: events.map((event) => ({
      name: what(event),
      rest: [who(event), formatAgo(nowMs - event.atMs), event.note].filter((part) => part !== null).join(" · "),
    })),
  };
  // Refusals are in it, which are nobody else's business.
  const older = ["/history", agent === null ? "" : `agent:${agent}`, `lines:${lines}`, `page:${page + 1}`];
  return message(page === 1 ? "Newest first" : `Newest first, page ${page}`, "plain", [table], {
    private: true,
    actions: hasOlder ? [command("Older", older.filter(Boolean).join(" "))] : [],
  });
}

function nothingOnRecord({ agent, page }: Page): string {
  if (page > 1) return "There is nothing older.";
  return agent === null ? "Nothing has happened yet." : `Nothing is on record of ${agent}.`;
}

function attemptsOf(count: number): string {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

function strangerName({ user, name }: Actor): string {
  return user === "" ? name : `stranger ${user} (${name})`;
}
