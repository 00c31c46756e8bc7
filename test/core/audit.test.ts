import { expect, test } from "vitest";
import { type AuditEvent, EVENTS_PER_OPERATION, latestOfEach } from "../../src/core/audit.ts";
import { parseOperationId } from "../../src/core/names.ts";

const one = parseOperationId("0000000000000001");
const other = parseOperationId("0000000000000002");

function event(what: AuditEvent["what"], operation: AuditEvent["operation"]): AuditEvent {
  const actor = { channel: "terminal", user: "mo", roles: [], name: "Mo" } as const;
  return { atMs: 0, actor, what, subject: "deploy", agent: null, operation, note: null };
}

test("an operation is one line, what others did to it and what belongs to none are lines of their own", () => {
  const events = [
    event("cancelled", one),
    event("cancel-requested", one),
    event("refused", one),
    event("retried", one),
    event("started", other),
    event("cancel-requested", one),
    event("refused", one),
    event("started", one),
    event("requested", null),
    event("requested", other),
    event("requested", one),
    event("requested", null),
  ];
  const kept = [0, 1, 2, 3, 4, 5, 6, 8, 11].map((index) => events[index]);
  expect(latestOfEach(events)).toEqual(kept);
});

test("an operation that ended has as many events as a page is read for", () => {
  const events = [event("succeeded", one), event("started", one), event("requested", one)];
  expect(events).toHaveLength(EVENTS_PER_OPERATION);
  expect(latestOfEach(events)).toEqual(events.slice(0, 1));
});
