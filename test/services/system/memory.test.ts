import { z } from "zod";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import { createMemorySystem } from "../../../services/system/memory.ts";
import { firstBootContract, systemContract } from "../../contract/system.ts";
import { hostCalled } from "../gateway/host.ts";

const fields = z.object({
  hostName: z.string(),
  authorizedKey: z.string(),
  hostKey: z.object({ privateKey: z.string(), publicKey: z.string() }),
});

firstBootContract(createMemorySystem(), (firstBoot) => {
  const { hostKey, ...told } = fields.parse(JSON.parse(firstBoot.format === "none" ? "" : firstBoot.text));
  return { ...told, ...hostKey };
});

systemContract("memory", async () => {
  const host = hostCalled("ada-abcdef");
  return {
    ...{ system: createMemorySystem(), shells: createMemoryHostShells({ find: async () => host }), host },
    [Symbol.asyncDispose]: async () => undefined,
  };
});
