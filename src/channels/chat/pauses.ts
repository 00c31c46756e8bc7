import type { OpsError } from "../../core/errors.ts";
import { backoffMs } from "./retry.ts";

/** What a chat counts on its own: a wait that it asks for with one of them holds up no other. */
export type Kind = "post" | "edit" | "remove" | "thread";

/** How long each kind of call has to wait in one place. */
export interface Pauses {
  /** 0 when it may be tried now. */
  leftMs(kind: Kind, nowMs: number): number;
  /** The first pause that ends, of those that have not; null when there is none. */
  nextEndMs(nowMs: number): number | null;
  /** A call failed in a way that passes. */
  failed(kind: Kind, error: OpsError, nowMs: number): void;
  worked(kind: Kind): void;
}

export function createPauses(): Pauses {
  const pauses = new Map<Kind, { readonly failures: number; readonly untilMs: number }>();
  const leftMs = (kind: Kind, nowMs: number) => Math.max(0, (pauses.get(kind)?.untilMs ?? 0) - nowMs);
  return {
    leftMs,
    nextEndMs(nowMs) {
      const left = [...pauses.keys()].map((kind) => leftMs(kind, nowMs)).filter((ms) => ms > 0);
      return left.length === 0 ? null : Math.min(...left);
    },
    failed(kind, error, nowMs) {
      const failures = (pauses.get(kind)?.failures ?? 0) + 1;
      pauses.set(kind, { failures, untilMs: nowMs + backoffMs(failures, error) });
    },
    worked: (kind) => void pauses.delete(kind),
  };
}
