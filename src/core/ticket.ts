/** A question that was asked and may be answered once, by who caused it, at its message, within two minutes. */
export type TicketId = string & { readonly __ticketId: true };

/** A question is about now: later it has to be asked anew. */
export const QUESTION_MS = 2 * 60_000;
