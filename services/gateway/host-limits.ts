import { OpsError } from "../../src/core/errors.ts";

export interface MemoryLimits {
  /** For everything inside the container together. */
  readonly maxMb: number;
  /** For Node's old generation alone. */
  readonly heapMb: number;
}

/** A little under 2 GB: clouds keep some of the memory they name. */
const FLOOR_MB = 1800;
/** Systemd, sshd, the journal, a backup. */
const HOST_RESERVE_MB = 256;
/** What a gateway takes beside its heap: code, buffers, the processes of its tools. */
const BESIDE_HEAP_MB = 512;
/** Enough for a long chat turn; a larger one only puts garbage collection off. */
const HEAP_MB = 1536;

/**
 * Leaves the host enough to stay reachable. A gateway takes up to 1.45 GB in a chat turn, so less than 2 GB of memory is refused.
 * @throws OpsError `capacity`.
 */
export function memoryLimits(hostMemoryMb: number): MemoryLimits {
  if (hostMemoryMb < FLOOR_MB) {
    throw new OpsError({
      code: "capacity",
      userMessage: `A host with ${hostMemoryMb} MB of memory is too small for an OpenClaw gateway.`,
      hint: "Choose a size with at least 2 GB.",
    });
  }
  const maxMb = Math.floor(hostMemoryMb) - HOST_RESERVE_MB;
  return { maxMb, heapMb: Math.min(HEAP_MB, maxMb - BESIDE_HEAP_MB) };
}
