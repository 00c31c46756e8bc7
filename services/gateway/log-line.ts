const JOURNAL = /^\d{4}-(\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\S* ([^\s:[]+)(?:\[\d+\])?: (.*)$/s;
/** What programs put in front of their own lines, in a journal that has noted the time already. */
const OWN_TIME = /^\[?\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?\]?\s+/;

/**
 * A line of `journalctl --output=short-iso --no-hostname` as people read it: one time, without the year, and the writer only when it is
 * not `unit` itself. Anything else stays as it is.
 */
export function tidyLogLine(line: string, unit: string): string {
  const [, date, time, writer, text] = JOURNAL.exec(line) ?? [];
  if (text === undefined) return line;
  const who = writer === unit ? "" : `${writer}: `;
  return `${date} ${time} ${who}${text.replace(OWN_TIME, "")}`;
}
