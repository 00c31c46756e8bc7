import { expect, it } from "vitest";
import { createMemoryProvider } from "../../services/provider/memory.ts";
import { renderConcern, renderDigest } from "../../src/channels/render/care.ts";
import { oldImages } from "../../src/fleet/old-images.ts";
import { createFleetWatch } from "../../src/fleet/watch.ts";
import { hearing, statusOf } from "./statuses.ts";

const DAY = 24 * 60 * 60_000;
const signal = new AbortController().signal;

it("the watch and the digest tell of a golden image that has grown old, and that there is a new one", async () => {
  let nowMs = 0;
  const provider = createMemoryProvider({ name: "local", now: () => nowMs });
  const providers = new Map([[provider.name, provider]]);
  const { told, raised, parts } = hearing();
  const watch = createFleetWatch({
    look: async () => [],
    oldImages: () => oldImages({ providers }, nowMs),
    ...parts,
    now: () => nowMs,
  });
  nowMs = 30 * DAY;
  await watch.look();
  expect(told).toEqual([]);
  nowMs = 41 * DAY;
  await watch.look();
  nowMs = 42 * DAY;
  await watch.look();
  expect(raised.map(renderConcern)).toMatchObject([
    { title: "The golden image of local is 41 days old.", actions: [{ does: { line: "/image build" } }] },
  ]);
  const digest = () =>
    oldImages({ providers }, nowMs).then((images) => renderDigest([statusOf("ada")], [], 0, { images }));
  expect(JSON.stringify(await digest())).toContain(
    "The golden image of local is 42 days old. /image build makes a new one.",
  );

  await provider.images.build(() => undefined, signal, { force: true });
  await watch.look();
  expect(told).toEqual(["concern old-image:local", "recovered old-image:local"]);
  expect(JSON.stringify(await digest())).not.toContain("golden image");
});

it("a provider without an image has no old one", async () => {
  const provider = createMemoryProvider({ image: false });
  expect(await oldImages({ providers: new Map([[provider.name, provider]]) }, 99 * DAY)).toEqual([]);
});
