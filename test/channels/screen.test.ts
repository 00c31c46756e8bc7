import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLiveRegion, createScreen } from "../../src/channels/console/screen.ts";
import { screenAfter } from "./screen-emulator.ts";

test("after any number of drawings, only the last one is to be seen", () => {
  const line = fc.stringMatching(/^[a-z ]{0,20}$/).map((text) => text.trimEnd());
  fc.assert(
    fc.property(
      fc.array(fc.array(line, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
      (drawings) => {
        const output = new PassThrough({ encoding: "utf8" });
        const screen = createScreen(output, true, () => ({ columns: 20, color: false }));
        screen.write("before\n");
        const region = createLiveRegion(screen, () => 10);
        for (const lines of drawings) region.draw(lines);
        screen.write("after");
        expect(screenAfter(output.read(), 20)).toEqual(["before", ...(drawings.at(-1) ?? []), "after"]);
      },
    ),
  );
});

test("a window made narrower in between leaves nothing behind", () => {
  const output = new PassThrough({ encoding: "utf8" });
  let columns = 40;
  const region = createLiveRegion(
    createScreen(output, true, () => ({ columns, color: false })),
    () => 10,
  );
  region.draw(["x".repeat(30), "y"]);
  columns = 10;
  region.draw(["z"]);
  // Seen by the narrow terminal, which has wrapped the first line into three.
  expect(screenAfter(output.read(), 10)).toEqual(["z", ""]);
});

test("what is taller than the terminal shows its end", () => {
  const output = new PassThrough({ encoding: "utf8" });
  const region = createLiveRegion(
    createScreen(output, true, () => ({ columns: 20, color: false })),
    () => 4,
  );
  region.draw(["1", "2", "3", "4", "5"]);
  expect(screenAfter(output.read(), 20)).toEqual(["3", "4", "5", ""]);
});

test("terminals without unicode get ASCII of the same width", () => {
  const output = new PassThrough({ encoding: "utf8" });
  createScreen(output, false, () => ({ columns: 20, color: false })).write("✓ “a”… 日\n");
  expect(output.read()).toBe('+ "a"~ ?\n');
});
