/** A record in the store that cannot be read; everything else goes on without it. */
export interface Unreadable {
  readonly kind: "agent" | "operation" | "event" | "note" | "key";
  /** Of the agent, the id, or the key in Redis. */
  readonly name: string;
  /** broken: it is not what was written · newer: a newer Creel wrote it, so it is left exactly as it is. */
  readonly why: "broken" | "newer";
}
