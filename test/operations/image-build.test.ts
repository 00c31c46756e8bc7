import { expect, it } from "vitest";
import { imageBuildOperation } from "../../src/operations/image-build.ts";
import { ask, run } from "./crash-points.ts";
import { createWorld } from "./world.ts";

it.each([
  ["there is none", false, false, true],
  ["another build has made one since it was asked for", true, false, false],
  ["it is forced", true, true, true],
])("says whether an image was built when %s", async (_, image, force, built) => {
  const world = createWorld({ provider: { image } });
  const definition = imageBuildOperation(world.services);
  const { record } = await run(definition, ask(definition, { provider: null, force }, null));
  expect(record).toMatchObject({ state: "succeeded", result: { built } });
  expect((await world.provider.images.status()).all).toHaveLength(image && force ? 2 : 1);
});
