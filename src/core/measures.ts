const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Such as `0.4 s`, `42 s`, `3 min 5 s`, `2 h 10 min` or `5 d 3 h`. Negative spans, which clocks that disagree make, are zero. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 9_950) return `${(span / SECOND).toFixed(1)} s`;
  return parts(Math.round(span / SECOND) * SECOND).join(" ");
}

/** For a span that is still growing: whole seconds, so that it does not flicker. */
export function formatElapsed(ms: number): string {
  return parts(Math.floor(Math.max(0, ms) / SECOND) * SECOND).join(" ");
}

/** How long ago, such as `just now` or `5 min ago`. */
export function formatAgo(ms: number): string {
  if (ms < 5 * SECOND) return "just now";
  return `${parts(Math.floor(ms / SECOND) * SECOND)[0]} ago`;
}

/** Decimal units, such as `812 MB` or `1.4 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 999.5e3) return `${Math.round(Math.max(0, bytes) / 1e3)} kB`;
  if (bytes < 999.5e6) return `${Math.round(bytes / 1e6)} MB`;
  if (bytes < 999.5e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return `${(bytes / 1e12).toFixed(1)} TB`;
}

/** Of whole seconds: how many of the largest unit they have, and of the next smaller one, if any. */
function parts(ms: number): [string, ...string[]] {
  if (ms < MINUTE) return [`${ms / SECOND} s`];
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): [string, ...string[]] {
  const rest = Math.floor((ms % large) / small);
  const head = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? [head] : [head, `${rest} ${smallName}`];
}
