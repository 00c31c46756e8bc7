import { z } from "zod";
import { formatBytes } from "../../core/measures.ts";
import type { Operation } from "../../core/operation.ts";

/** Results are written by the operations and perhaps by another version of Creel: what does not fit is not shown. */
const known = z
  .object({
    version: z.string().optional().catch(undefined),
    host: z.string().optional().catch(undefined),
    address: z.string().optional().catch(undefined),
    fingerprint: z.string().optional().catch(undefined),
    sizeBytes: z.number().optional().catch(undefined),
  })
  .catch({});

/** What is worth knowing of a success. */
export function facts(operation: Operation): { name: string; value: string }[] {
  const result = known.parse(operation.result);
  // A host that has just been removed is not worth naming.
  const host = operation.kind === "deploy" ? [result.host, result.address].filter((part) => part !== undefined) : [];
  const found: readonly (readonly [string, string | undefined])[] = [
    ["OpenClaw", result.version],
    ["Host", host.length === 0 ? undefined : host.join(" at ")],
    ["Snapshot", result.fingerprint?.slice(0, 12)],
    ["Size", result.sizeBytes === undefined ? undefined : formatBytes(result.sizeBytes)],
  ];
  return found.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

export function nextAfter(operation: Operation): readonly string[] {
  if (operation.state !== "succeeded") return operation.failure?.nextCommands ?? [];
  if (operation.kind === "deploy" && operation.agent !== null) {
    return [`/status agent:${operation.agent}`, `/logs agent:${operation.agent}`];
  }
  return [];
}
