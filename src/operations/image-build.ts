import { z } from "zod";
import type { Provider } from "../../services/provider/provider.ts";
import { type Finding, warning } from "../core/finding.ts";
import { daysOld, isTooOld } from "../core/golden-image.ts";
import { imageLane } from "../core/lane.ts";
import { formatBytes } from "../core/measures.ts";
import { defineOperation } from "./definition.ts";
import type { OperationKind } from "./kind.ts";
import { type Providers, reachedThrough, selectProvider } from "./providers.ts";
import { factsOf, understood } from "./told.ts";

interface ImagePorts {
  readonly providers: Providers;
}

const params = z.strictObject({ provider: z.string().nullable(), force: z.boolean() });

export const imageBuild: OperationKind<z.output<typeof params>, ImagePorts> = {
  kind: "image-build",
  words: { doing: "Building the image", done: "Built the image", task: "build of the image" },
  tell({ result }) {
    const made = understood(result, { fingerprint: z.string(), sizeBytes: z.number(), built: z.boolean() });
    const size = made.sizeBytes === undefined ? undefined : formatBytes(made.sizeBytes);
    const facts = factsOf({ Image: made.fingerprint?.slice(0, 12), Size: size });
    if (made.built !== false) return { facts };
    return { facts, title: "The golden image is up to date: nothing was left to build." };
  },
  checks: ({ providers }) =>
    [...providers.values()].map((provider) => {
      const subject = `${provider.name} golden image`;
      return { subject, look: () => lookAtImage(subject, provider) };
    }),
  define: imageBuildOperation,
};

/** `/image build`: makes the golden image that new hosts start from. Without `force` only when there is none or it is too old. */
export function imageBuildOperation(ports: ImagePorts) {
  return defineOperation({
    kind: imageBuild.kind,
    version: 1,
    lane: async ({ provider }) => imageLane(reachedThrough(ports.providers, provider)),
    params,
    steps: {
      build: {
        title: "Build the golden image",
        budgetMs: 45 * 60_000,
        output: z.strictObject({ fingerprint: z.string(), sizeBytes: z.number(), built: z.boolean().default(true) }),
      },
    },

    async check({ provider }, { worksHere }) {
      if (worksHere) selectProvider(ports.providers, provider);
    },

    async run({ step, now }, { provider, force }) {
      return await step("build", async ({ signal, detail }) => {
        const { images } = selectProvider(ports.providers, provider);
        const { current, maxAgeDays } = await images.status(signal);
        const isOld = current !== null && isTooOld(current, maxAgeDays, now());
        const { image, built } = await images.build(
          ({ stage, number, of }) => detail(`${stage} (${number} of ${of})`),
          signal,
          { force: force || isOld },
        );
        return { fingerprint: image.fingerprint, sizeBytes: image.sizeBytes, built };
      });
    },

    // A build that was cut off has cleared away behind itself, or the next one does.
    undo: {
      steps: {},
      run: async () => ({ leftBehind: [], nextCommands: ["/image status", "/image build"] }),
      left: () => [],
    },
  });
}

/** Whether hosts would start from something that is there, and not too old. */
async function lookAtImage(subject: string, provider: Provider): Promise<readonly Finding[] | string> {
  const { current, wanted, maxAgeDays } = await provider.images.status();
  const nowMs = Date.now();
  if (current === null) {
    return [
      warning(subject, `${wanted} has not been built yet.`, "The first /deploy builds it, or type /image build."),
    ];
  }
  if (!isTooOld(current, maxAgeDays, nowMs)) {
    return `${current.fingerprint} with OpenClaw ${current.openclawVersion} is ready.`;
  }
  const age = `${current.fingerprint} is ${daysOld(current, nowMs)} days old`;
  const seen = `${age}: what is in it has had no security updates since.`;
  return [warning(subject, seen, "Type /image build; new hosts start from what it makes.")];
}
