/** One thing `creel doctor` looked at. */
export interface Finding {
  /** Such as "redis-server" or "gateway.token". */
  readonly subject: string;
  /** warning: works, but a person should know. */
  readonly verdict: "ok" | "warning" | "problem";
  /** What was seen, one sentence. */
  readonly seen: string;
  /** What to do about it, a sentence or a command; null when there is nothing to do. */
  readonly fix: string | null;
}
