import { expect, test } from "vitest";
import { parseJson } from "../../src/core/json.ts";

test("text that is not JSON is nothing, which JSON cannot be", () => {
  expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] });
  expect(parseJson("null")).toBe(null);
  for (const text of ["", "{", "undefined"]) expect(parseJson(text)).toBe(undefined);
});
