import { expect, test } from "vitest";
import { createDeskWorld, owner } from "../desk/world.ts";
import { createWorld } from "../operations/world.ts";

const DAY = 24 * 3_600_000;
const image = {
  id: "image-1",
  fingerprint: "a".repeat(16),
  createdAtMs: 0,
  sizeBytes: 1,
  openclawVersion: "2026.9.6",
  system: "memory",
};
const status = { wanted: image.fingerprint, changes: [], maxAgeDays: 30, all: [image] };

/** A provider whose image is as told. */
async function servicesWith(current: typeof image | null) {
  const { provider } = createWorld({ provider: { name: "local" } });
  const images = { ...provider.images, status: async () => ({ ...status, current }) };
  return { providers: new Map([["local", { ...provider, images }]]) };
}

async function build(
  current: typeof image | null,
  nowMs: number,
  options: Record<string, string> = {},
  confirmation: string | null = null,
) {
  const world = createDeskWorld(() => nowMs, { services: await servicesWith(current) });
  const submission = { command: "image", options: { action: "build", ...options }, confirmation };
  return { world, reply: await world.desk.submit(owner, submission) };
}

test("/image build with an image that is up to date says so at once: no question, no operation", async () => {
  const { world, reply } = await build(image, DAY);
  expect(reply).toMatchObject({ type: "answer", message: { title: "The image is up to date." } });
  expect(world.operations.all.size).toBe(0);
});

test.each([
  ["there is none", null, DAY, {}],
  ["it is too old", image, 31 * DAY, {}],
  ["it is wanted anyhow", image, DAY, { force: "yes" }],
] as const)("/image build asks when %s", async (_, current, nowMs, options) => {
  expect((await build(current, nowMs, options)).reply).toMatchObject({ type: "confirm" });
});

test("/image build that was asked about goes ahead, also when the image has come up to date since", async () => {
  expect((await build(image, DAY, {}, "yes")).reply).toMatchObject({ type: "operation" });
});

test("an image that is up to date keeps nothing else from being done", async () => {
  const world = createDeskWorld(() => DAY, { services: await servicesWith(image) });
  const deploy = { command: "deploy", options: { name: "ada" }, confirmation: null };
  expect(await world.desk.submit(owner, deploy)).toMatchObject({ type: "operation" });
});
