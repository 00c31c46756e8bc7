import { auditContract } from "./contract/audit.ts";
import { operationsContract } from "./contract/operations.ts";
import { registryContract } from "./contract/registry.ts";
import { createMemoryAudit, createMemoryOperations } from "./desk/memory-operations.ts";
import { memoryRegistry } from "./memory-registry.ts";

registryContract("memory", async () => {
  const registry = memoryRegistry();
  return { registry, spoil: registry.spoil };
});

auditContract("memory", async () => createMemoryAudit());

operationsContract("memory", async () => ({
  operations: createMemoryOperations(Date.now, () => []),
  kind: "failing",
  params: null,
}));
