import { z } from "zod";
import { defineOperation } from "./definition.ts";
import { type Services, selectProvider } from "./services.ts";

/** `/image build`: makes the golden snapshot that new hosts start from. The ones before it stay. */
export function snapshotBuildOperation(services: Services) {
  return defineOperation({
    kind: "snapshot-build",
    version: 1,
    lane: "snapshots",
    params: z.strictObject({ provider: z.string().nullable(), force: z.boolean() }),
    steps: {
      build: {
        title: "Build the golden image",
        budgetMs: 45 * 60_000,
        output: z.strictObject({ fingerprint: z.string(), sizeBytes: z.number() }),
      },
    },

    async run({ step }, { provider, force }) {
      return await step("build", async ({ signal, detail }) => {
        const { fingerprint, sizeBytes } = await selectProvider(services, provider).snapshots.build(
          ({ stage, number, of }) => detail(`${stage} (${number} of ${of})`),
          signal,
          { force },
        );
        return { fingerprint, sizeBytes };
      });
    },

    cleanup: async () => ({ leftBehind: [], nextCommands: ["/image status", "/image build"] }),
  });
}
